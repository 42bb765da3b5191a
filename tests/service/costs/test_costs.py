"""What jobs are expected to cost, cost, and may cost."""

from __future__ import annotations

import random
from typing import Any

import pytest
from sqlalchemy import select

from automap_service.costs.prices import Took, prices_of
from automap_service.tables import MAILS, RUNS, SCENE_COUNTS
from automap_tiles.jobs import Ending, Job, News, Result, SceneFate, Status
from tests.jobs.parts import Clock
from tests.service.conftest import Asker, MakeSite, Site

PRICES = {"currency": "EUR", "core_hour": 0.5, "gb_fetched": 0.1, "gb_day": 0.01}


def launch(ask: Asker, launched: dict[str, Any], **said: Any) -> dict[str, Any]:
    answer = ask("POST", "/launch", json={**launched, **said})
    assert answer.status_code == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def end(site: Site, *, stopped: bool = False, size: int = 0, **usage: float) -> Job:
    """The next job of the queue, carried out with a known usage."""
    job = site.service.queue.claim("r")
    assert job is not None
    result = None
    if size:
        key = f"results/{job.id}/1/x.zip"
        result = Result(key=key, size=size, sha256="0" * 64, expires=2e9, partial=stopped)
    status = Status.FAILED if stopped else Status.SUCCESSFUL
    ending = Ending(
        status=status,
        message="ended",
        reason="the budget is used up" if stopped else None,
        result=result,
        usage=dict(usage),
        stopped=stopped,
    )
    return site.service.queue.finish(job, ending)


def learn(site: Site, ask: Asker, launched: dict[str, Any], count: int, seed: int = 0) -> None:
    """So many jobs of known sizes that take a second a day, more or less."""
    rng = random.Random(seed)
    for _ in range(count):
        days = rng.randint(5, 28)
        launch(ask, launched, start_date="2018-04-01", end_date=f"2018-04-{days + 1:02}")
        seconds = days * rng.lognormvariate(0, 0.2)
        end(site, seconds=seconds, core_seconds=1.5 * seconds, scenes=days // 3, size=1000 * days)


# -- estimates ------------------------------------------------------------------------------------


def test_a_launch_is_estimated_from_jobs_that_are_at_their_end(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    first = launch(ask, launched)
    assert first["estimate"]["seconds"] is None
    assert "no job (composite) finished here so far" in first["estimate"]["of"]
    site.service.store.cancel(None, first["id"])
    learn(site, ask, launched, 20)
    inside = 0
    for number in range(10):
        days = 6 + 2 * number
        said = launch(ask, launched, end_date=f"2018-04-{days + 1:02}", again=True)
        estimate = said["estimate"]
        assert estimate["learnt"]
        assert estimate["of"].startswith(f"{20 + number} finished jobs")
        low, middle, high = estimate["seconds"]
        assert low < middle < high
        took = days * random.Random(number).lognormvariate(0, 0.2)
        inside += low <= took <= high
        job = end(site, seconds=took, core_seconds=took, size=1)
        assert job.estimate == estimate  # beside what it really took
        assert job.usage["seconds"] == took
    assert inside >= 7
    held = ask("GET", "/costs").json["estimates"]  # five of the first had none to learn from
    assert (held["jobs"], held["aim"]) == (25, 0.8)
    assert inside + 7 <= held["inside"] <= inside + 15


def test_jobs_that_failed_or_were_broken_off_teach_nothing(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    for _ in range(6):
        launch(ask, launched)
        end(site, stopped=True, seconds=1.0)
    for _ in range(6):
        launch(ask, launched)
        job = site.service.queue.claim("r")
        assert job is not None
        site.service.queue.break_off(job, "memory ran out")
        end(site, seconds=5.0)
    assert not launch(ask, launched)["estimate"]["learnt"]


def test_jobs_of_another_mode_teach_nothing(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    learn(site, ask, launched, 6)
    download = {**launched, "mode": "download"}
    assert not launch(ask, download)["estimate"]["learnt"]
    assert launch(ask, launched)["estimate"]["learnt"]


def test_what_a_check_has_found_is_known_to_the_launch_of_the_same(
    site: Site, launched: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = site.with_files()
    plan = {
        "scenes": 12, "done": 2, "to_fetch": 3_000_000_000, "memory_bytes": 1 << 30,
        "seconds": [100, 900], "warnings": [], "satellites": [{"result_bytes": 5_000_000}],
    }  # fmt: skip
    monkeypatch.setattr(site.service.launching, "_plan", lambda _: plan)
    checked = ask("POST", "/launch", json={**launched, "check": True}).json["estimate"]
    assert checked["seconds"] == [100, 300, 900]  # those of the check, in words
    assert checked["of"].startswith("a guess from scenes, pixels and cores: no job (composite)")
    assert (checked["sizes"]["scenes"], checked["bytes"]) == (10, 3_000_000_000)
    job = launch(ask, {**launched, "description": "another name"})
    assert job["estimate"] == {key: checked[key] for key in checked if key != "budget"}
    other = launch(ask, {**launched, "end_date": "2018-06-01"})
    assert other["estimate"]["seconds"] is None


def test_scenes_are_counted_when_a_job_ends_and_stay_counted(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    for _ in range(2):
        launch(ask, launched)
        job = site.service.queue.claim("r")
        assert job is not None
        fates = [
            SceneFate(scene="a", satellite="landsat-8", status="written"),
            SceneFate(scene="b", satellite="landsat-8", status="written"),
            SceneFate(scene="c", satellite=None, status="set aside", reason="no mask"),
        ]
        site.service.queue.tell(job, News(scenes=tuple(fates)))
        done = Ending(status=Status.SUCCESSFUL, message="")
        site.service.queue.finish(job, done)
        ask("DELETE", f"/jobs/{job.id}")
    with site.service.database.reading() as connection:
        rows = connection.execute(select(SCENE_COUNTS)).all()
    assert sorted(rows) == [("", "set aside", 2), ("landsat-8", "written", 4)]


# -- cost -----------------------------------------------------------------------------------------


def test_hours_are_told_until_there_are_prices(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = launch(ask, launched)
    end(site, core_seconds=7200.0, seconds=3600.0, size=10**9)
    cost = ask("GET", f"/jobs/{job['id']}").json["cost"]
    assert (cost["amount"], cost["unit"], cost["currency"]) == (2.0, "core hours", None)
    said = ask("GET", "/costs").json
    assert (said["unit"], said["prices"]["core_hour"]) == ("core hours", 0)


def test_a_job_costs_cores_bytes_that_came_and_bytes_that_are_kept(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(costs=PRICES, results={"days": 10})
    ask = site.with_files()
    job = launch(ask, launched)
    claimed = site.service.queue.claim("r")
    assert claimed is not None
    usage = {"core_seconds": 3600.0, "fetched_bytes": 2 * 10**9}
    site.service.queue.tell(claimed, News(usage=usage))
    running = ask("GET", f"/jobs/{job['id']}").json["cost"]
    assert running["amount"] == pytest.approx(0.5 + 0.2)  # it is seen while it grows
    result = Result(key="results/x/1/x.zip", size=3 * 10**9, sha256="0" * 64, expires=2e9)
    done = Ending(status=Status.SUCCESSFUL, message="", result=result, usage=dict(usage))
    site.service.queue.finish(claimed, done)
    cost = ask("GET", f"/jobs/{job['id']}").json["cost"]
    assert cost == {
        "amount": pytest.approx(0.5 + 0.2 + 3 * 10 * 0.01),
        "unit": "EUR",
        "currency": "EUR",
        "core_seconds": 3600.0,
        "fetched_bytes": 2 * 10**9,
        "stored_bytes": 3 * 10**9,
    }


def test_what_a_job_has_cost_stays_when_prices_change(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(costs=PRICES)
    ask = site.with_files()
    job = launch(ask, launched)
    end(site, core_seconds=3600.0)
    dearer = make_site(costs={**PRICES, "core_hour": 5.0})
    cost = dearer.user()("GET", f"/jobs/{job['id']}").json["cost"]
    assert (cost["amount"], cost["unit"]) == (0.5, "EUR")


def test_the_amount_is_the_sum_of_what_has_a_price(make_site: MakeSite) -> None:
    prices = prices_of(make_site(costs={"gb_fetched": 2.0}).service.settings)
    assert prices.unit == "USD"
    assert prices.amount(Took(core_seconds=1e9, fetched_bytes=5e8, stored_bytes=1e12)) == 1.0


def test_pages_tell_what_it_costs(make_site: MakeSite, launched: dict[str, Any]) -> None:
    site = make_site(costs=PRICES)
    ask = site.with_files()
    learn(site, ask, launched, 5)
    job = launch(ask, launched, budget=5)
    html = {"Accept": "text/html"}
    assert "EUR" in ask("GET", "/orders", headers=html).text
    page = ask("GET", f"/jobs/{job['id']}", headers=html).text
    assert "Was to take" in page
    assert "of 5.00 EUR" in page
    assert "Estimate from 5 finished jobs (composite)" in page
    assert "An hour of a core costs 0.5" in ask("GET", "/help", headers=html).text
    site.service.users.add("root", "a rather long one", ("admin",), one_time=False)
    admin = site.user("root")("GET", "/admin", headers=html).text
    assert "No finished run had an estimate that was learnt" in admin
    end(site, seconds=30.0)
    admin = site.user("root")("GET", "/admin", headers=html).text
    assert "of the last 1 runs with an estimate took what was expected" in admin


# -- budgets --------------------------------------------------------------------------------------


def test_a_job_that_will_cost_more_than_its_budget_is_refused(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(costs={"core_hour": 3600.0})  # a second of a core costs one
    ask = site.with_files()
    learn(site, ask, launched, 8)
    answer = ask("POST", "/launch", json={**launched, "budget": 1})
    assert (answer.status_code, answer.mimetype) == (402, "application/problem+json")
    assert answer.json["type"].endswith("/problems/budget")
    assert answer.json["detail"].startswith("it may cost 1.00 USD, and it will probably cost ")
    assert ask("GET", "/jobs?status=accepted").json["jobs"] == []
    job = launch(ask, launched, budget=1e6)
    assert (job["budget"], job["parameters"]["budget"]) == (1e6, 1e6)
    again = ask("POST", "/launch", json={**launched, "budget": 2e6})
    assert again.status_code == 409  # a budget makes it no other run


def test_the_budget_of_the_installation_is_that_of_every_job(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(limits={"job_budget": 2.0})
    ask = site.with_files()
    assert launch(ask, launched)["budget"] == 2
    assert launch(ask, launched, end_date="2018-06-01", budget=1)["budget"] == 1
    assert launch(ask, launched, end_date="2018-06-02", budget=3)["budget"] == 2
    user = site.service.users.named("ann")
    site.service.users.set_limits(user.id, {"job_budget": 5.5})
    assert launch(ask, launched, end_date="2018-06-03", budget=9)["budget"] == 5.5


@pytest.mark.parametrize("budget", [-1, "much", True, 1e10])
def test_a_budget_is_a_number(site: Site, launched: dict[str, Any], budget: object) -> None:
    answer = site.with_files()("POST", "/launch", json={**launched, "budget": budget})
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.json["errors"]] == ["/budget"]


def test_who_has_spent_the_month_launches_nothing_until_the_next(
    make_site: MakeSite, clock: Clock, launched: dict[str, Any]
) -> None:
    site = make_site(costs={"core_hour": 1.0}, limits={"month_budget": 2.0})
    ask = site.with_files()
    job = launch(ask, launched)
    end(site, core_seconds=7200.0)
    assert ask("GET", "/me").json["used"]["month_cost"] == 2.0
    assert ask("DELETE", f"/jobs/{job['id']}").status_code == 200  # the money is spent
    answer = ask("POST", "/launch", json=launched)
    assert answer.status_code == 402
    assert "you (this month) may spend 0.00 USD" in answer.json["detail"]
    other = site.with_files("bob")
    assert other("POST", "/launch", json=launched).status_code == 201
    clock.now += 31 * 86400
    assert launch(site.user(), launched)["status"] == "accepted"


def test_running_jobs_count_in_the_month_and_are_told_to_stop(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(costs={"core_hour": 1.0}, limits={"month_budget": 2.0})
    ask = site.with_files()
    launch(ask, launched)
    job = site.service.queue.claim("r")
    assert job is not None
    reached = site.service.budgets.reached
    assert reached(job, {"core_seconds": 100.0}) is None
    usage = {"core_seconds": 7300.0}
    site.service.queue.tell(job, News(usage=usage))
    assert reached(job, usage) == "the budget of this month, 2.00 USD, is used up"
    assert ask("POST", "/launch", json={**launched, "end_date": "2018-06-01"}).status_code == 402


def test_a_job_is_told_to_stop_when_its_budget_is_used_up(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(costs={"gb_fetched": 1.0})
    launch(site.with_files(), launched, budget=2)
    job = site.service.queue.claim("r")
    assert job is not None
    reached = site.service.budgets.reached
    assert reached(job, {"fetched_bytes": 2 * 10**9}) is None
    assert reached(job, {"fetched_bytes": 2.5e9}) == "it has cost 2.50 USD, its budget is 2.00 USD"


def test_who_is_stopped_by_a_limit_gets_a_mail_of_its_own_kind(
    make_site: MakeSite, launched: dict[str, Any]
) -> None:
    site = make_site(mail={"host": "localhost", "sender": "a@example.org"}, costs=PRICES)
    ask = site.with_files()
    job = launch(ask, launched)
    with site.service.database.writing() as connection:
        from sqlalchemy import update

        from automap_tiles.jobs.tables import JOBS

        connection.execute(update(JOBS).values(recipients=["ann@example.org"]))
    end(site, stopped=True, core_seconds=3600.0, size=100)
    with site.service.database.reading() as connection:
        row = connection.execute(select(MAILS)).mappings().one()
        assert connection.execute(select(RUNS.c.amount)).scalar_one() == pytest.approx(
            0.5, abs=1e-3
        )
    assert row["kind"] == "stopped"
    mail = site.service.outbox._claim()
    assert mail is not None
    message = site.service.outbox.message(mail)
    assert message["Subject"] == "AutoMap: spring: stopped by a limit"
    text = message.get_body(("plain",))
    assert text is not None
    said = text.get_content()
    assert "Your limit stopped the run spring: the budget is used up." in said
    assert "What it had made until then is kept." in said
    assert "cost: 0.50 EUR" in said
    found = ask("GET", f"/jobs/{job['id']}").json
    assert (found["status"], found["stopped_by_limit"]) == ("failed", True)


def test_a_check_says_that_a_launch_would_be_refused(
    make_site: MakeSite, launched: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(costs={"core_hour": 3600.0})
    ask = site.with_files()
    plan = {
        "scenes": 12, "done": 2, "to_fetch": 0, "memory_bytes": 0, "seconds": [100, 900],
        "warnings": ["one"], "satellites": [],
    }  # fmt: skip
    monkeypatch.setattr(site.service.launching, "_plan", lambda _: plan)
    said = ask("POST", "/launch", json={**launched, "check": True, "budget": 1}).json
    assert said["warnings"][0] == "one"
    assert said["warnings"][1].startswith("a launch would be refused: it may cost 1.00 USD")
    assert said["estimate"]["budget"] == 1
