// News from the server as they happen; without them the page asks now and then.

const POLL = 5000;

export class Live {
  constructor(state) {
    this.state = state;
    this.timer = 0;
  }

  start() {
    this.source = new EventSource("/api/events");
    for (const kind of ["tile", "process", "journal", "missed"]) {
      this.source.addEventListener(kind, (event) => this.state.tell(`live-${kind}`, JSON.parse(event.data)));
    }
    this.source.addEventListener("open", () => this.set(true));
    this.source.addEventListener("error", () => {
      this.set(false);
      // refused for good, by a server that has enough listeners or none for events
      if (this.source.readyState === EventSource.CLOSED) this.poll();
    });
    addEventListener("pagehide", () => this.source.close());
  }

  set(on) {
    if (this.on === on) return;
    this.on = on;
    this.state.tell("live", on);
  }

  poll() {
    if (this.timer) return;
    this.timer = setInterval(() => { if (!document.hidden) this.state.tell("live-missed", {}); }, POLL);
  }
}
