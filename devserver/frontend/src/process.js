// A process while it is looked at: what is wrong with it, its parameters, its files.

import * as api from "./api.js";
import { h, icon } from "./dom.js";

export class ProcessPanel {
  constructor(target, state, actions) {
    Object.assign(this, { target, state, actions, told: new Map(), drafts: new Map(), chosen: "" });
  }

  async load(name) {
    try {
      this.told.set(name, await api.process(name));
    } catch (error) {
      if (error.status === 403) this.told.set(name, null);
      else this.state.tell("trouble", error);
    }
    this.render();
  }

  async loadAll() {
    await Promise.all(this.state.processes.map((entry) => this.load(entry.name)));
  }

  isBase({ layer, zoom }) {
    const told = this.told.get(layer);
    return Boolean(told && told.keep !== "readonly" && told.base_zooms.includes(zoom));
  }

  // An event of the server: another version, or an error.
  heard(status) {
    const told = this.told.get(status.layer);
    if (told && told.version === status.version && JSON.stringify(told.error) === JSON.stringify(status.error)) {
      return;
    }
    this.load(status.layer);
  }

  render() {
    const processes = this.state.processes;
    if (!processes.length) {
      this.target.replaceChildren(h("p", { class: "quiet pad" }, "Only finished outputs are shown: there is no process to change."));
      return;
    }
    if (!this.state.get(this.chosen)) this.chosen = processes[0].name;
    const told = this.told.get(this.chosen);
    this.target.replaceChildren(
      processes.length > 1 ? this.choice(processes) : "",
      told === undefined ? h("p", { class: "quiet pad" }, "Reading …") : told === null ? h("p", { class: "quiet pad" }, "Files are only shown on the machine that serves them.") : this.body(told));
  }

  choice(processes) {
    return h("label", { class: "field pad" }, h("span", null, "Process"),
      h("select", { onchange: (event) => { this.chosen = event.target.value; this.render(); } }, processes.map((entry) => h("option", { value: entry.name, selected: entry.name === this.chosen }, entry.info.title))));
  }

  body(told) {
    return h("div", { class: "pad stack" },
      told.error ? this.problem(told.error) : "",
      told.notice ? h("p", { class: "notice" }, told.notice) : "",
      this.form(told),
      h("section", null, h("h3", null, "Files"), h("p", { class: "quiet" }, "Edit them in your editor: what you save is shown here at once."), told.files.map((file) => this.file(file, told.error))),
      h("dl", { class: "facts" }, h("dt", null, "Output"), h("dd", { class: "code" }, told.output), h("dt", null, "Zooms"), h("dd", null, `${span(told.zooms)}, computed at ${span(told.base_zooms)}`), h("dt", null, "Tiles"), h("dd", null, KEEPS[told.keep] ?? told.keep)));
  }

  problem(error) {
    return h("div", { class: "card failed", role: "alert", id: "process-error" },
      error.file ? h("strong", { class: "code" }, `${base(error.file)}${error.line ? `:${error.line}` : ""}`) : "",
      error.key ? h("span", { class: "code quiet" }, ` ${error.key}`) : "",
      h("p", { class: "problem" }, error.message),
      h("p", { class: "quiet" }, "The map still shows the process as it was before."));
  }

  // parameters

  form(told) {
    // those that the file gives first
    const given = (name) => (name in told.values || told.schema.required.includes(name) ? 0 : 1);
    const names = Object.keys(told.schema.properties).sort((a, b) => given(a) - given(b));
    if (!names.length) return h("p", { class: "quiet" }, "The function has no parameters.");
    const draft = this.drafts.get(told.layer) ?? {};
    const fields = names.map((name) => this.field(told, name, draft));
    const problem = this.refused?.layer === told.layer ? this.refused.text : "";
    const changed = Object.keys(told.session).length > 0;
    return h("form", { class: "stack", id: "parameters", onsubmit: (event) => { event.preventDefault(); this.apply(told, false); } },
      h("h3", null, "Parameters"), fields,
      problem ? h("p", { class: "problem", role: "alert" }, problem) : "",
      h("div", { class: "row" },
        h("button", { type: "submit", class: "main", id: "apply" }, "Apply"),
        h("button", { type: "button", class: "chip", disabled: !changed && !Object.keys(draft).length, onclick: () => this.reset(told) }, "As in the file"),
        h("button", { type: "button", class: "chip", disabled: !changed, title: "Write the changed values into the process file", onclick: () => this.apply(told, true) }, "Save to the file")));
  }

  field(told, name, draft) {
    const schema = told.schema.properties[name];
    const isRequired = told.schema.required.includes(name);
    const value = name in draft ? draft[name] : name in told.values ? told.values[name] : schema.default;
    const differs = name in told.session || name in draft;
    const set = (next) => { const now = this.drafts.get(told.layer) ?? {}; this.drafts.set(told.layer, { ...now, [name]: next }); };
    return h("label", { class: `field${differs ? " changed" : ""}`, "data-parameter": name },
      h("span", null, name, isRequired ? "" : h("span", { class: "quiet" }, name in told.values ? "" : " default"), differs ? h("em", null, " changed") : ""),
      control(schema, value, set, name));
  }

  async apply(told, save) {
    const draft = this.drafts.get(told.layer) ?? {};
    await this.send(told, { ...told.session, ...draft }, save);
  }

  async reset(told) {
    this.drafts.delete(told.layer);
    await this.send(told, {}, false);
  }

  async send(told, parameters, save) {
    this.refused = null;
    try {
      this.told.set(told.layer, await api.change(told.layer, parameters, save));
      this.drafts.delete(told.layer);
      this.actions.changed(told.layer);
    } catch (error) {
      this.refused = { layer: told.layer, text: error.message };
    }
    this.render();
  }

  // files

  file({ path, text }, error) {
    const here = error && error.file === path;
    const lines = text.split("\n").map((line, number) => h("li", { class: here && error.line === number + 1 ? "wrong" : "" }, h("code", null, line || " ")));
    return h("details", { open: Boolean(here), class: "file" }, h("summary", { class: "code", title: path }, base(path)),
      h("ol", { class: "source", tabindex: 0, "aria-label": `Text of ${base(path)}` }, lines));
  }
}

const KEEPS = {
  continue: "done ones are shown, missing ones computed and kept",
  memory: "computed and forgotten again",
  readonly: "done ones are shown, nothing is computed",
  overwrite: "computed anew and kept",
};

const base = (path) => path.split(/[\\/]/).at(-1);
const span = (zooms) => (zooms.length > 1 ? `${zooms[0]}–${zooms.at(-1)}` : `${zooms[0] ?? "none"}`);

// The kinds that a schema allows, `null` left out.
function kinds(schema) {
  const options = schema.anyOf ?? [schema];
  return options.filter((option) => option.type !== "null");
}

function control(schema, value, set, name) {
  const options = kinds(schema);
  const [only] = options;
  const single = options.length === 1;
  if (single && only.enum) {
    return h("select", { onchange: (event) => set(only.enum[event.target.selectedIndex]) }, only.enum.map((each) => h("option", { selected: each === value }, String(each))));
  }
  if (single && only.type === "boolean") {
    return h("input", { type: "checkbox", checked: Boolean(value), onchange: (event) => set(event.target.checked) });
  }
  if (single && (only.type === "number" || only.type === "integer") && schema.type) {
    return h("input", { type: "number", step: only.type === "integer" ? 1 : "any", value: value ?? "", oninput: (event) => set(Number.isFinite(event.target.valueAsNumber) ? event.target.valueAsNumber : event.target.value) });
  }
  if (single && only.type === "string" && schema.type) {
    return h("input", { type: "text", spellcheck: false, value: value ?? "", oninput: (event) => set(event.target.value) });
  }
  // Anything else as JSON; what is none is taken as text.
  const text = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return h("input", { type: "text", class: "code", spellcheck: false, value: text, "aria-label": `${name}, as JSON`, placeholder: "null", oninput: (event) => set(json(event.target.value)) });
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export { icon };
