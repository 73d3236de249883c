"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  // Everything that was judged: cards of the flagged, rows of the others. They stand in two or three lists.
  const items = [...document.querySelectorAll("[data-path]")];
  const lists = ["flagged", "unreadable", "ordinary"].map(byId).filter(Boolean);
  const control = { name: byId("name"), reason: byId("reason"), folder: byId("folder"), marked: byId("marked"), sort: byId("sort") };
  // A page opened from disk may not be allowed to keep anything.
  const storageKey = "surprisal " + document.body.dataset.page;
  const store = {
    read() { try { return JSON.parse(localStorage.getItem(storageKey)) || {}; } catch { return {}; } },
    write(marks) { try { localStorage.setItem(storageKey, JSON.stringify(marks)); } catch { /* kept while the page is open */ } },
  };
  const marks = store.read();
  const markKey = (item) => item.dataset.bytes || item.dataset.path;

  function show(item) {
    const mark = marks[markKey(item)];
    if (mark) item.dataset.mark = mark; else delete item.dataset.mark;
    for (const button of item.querySelectorAll(".marks button")) button.setAttribute("aria-pressed", String(button.className === mark));
  }

  function mark(item, kind) {
    if (!kind || marks[markKey(item)] === kind) delete marks[markKey(item)]; else marks[markKey(item)] = kind;
    store.write(marks);
    show(item);
    count();
  }

  const marked = (kind) => items.filter((item) => item.dataset.mark === kind);

  function count() {
    const visible = items.filter((item) => !item.hidden).length;
    const [fine, remove] = [marked("fine").length, marked("remove").length];
    byId("shown").textContent = `${visible} of ${items.length} shown` + (fine ? `, ${fine} fine` : "") + (remove ? `, ${remove} to remove` : "");
    byId("accept").disabled = marked("fine").every((item) => !item.dataset.content);
    byId("list").disabled = byId("list0").disabled = remove === 0;
  }

  function filter() {
    const name = control.name.value.toLowerCase();
    for (const item of items) {
      const { path, reasons, folder, mark } = item.dataset;
      item.hidden = !(path.toLowerCase().includes(name)
        && (!control.reason.value || reasons.split("|").includes(control.reason.value))
        && (!control.folder.value || folder === control.folder.value)
        && (!control.marked.value || (mark || "none") === control.marked.value));
    }
    count();
  }

  const number = (text) => text === "" ? -Infinity : Number(text);
  const orders = {
    rank: (a, b) => a.dataset.rank - b.dataset.rank,
    name: (a, b) => a.dataset.path < b.dataset.path ? -1 : a.dataset.path > b.dataset.path ? 1 : 0,
    bits: (a, b) => number(b.dataset.bits) - number(a.dataset.bits),
    size: (a, b) => number(b.dataset.size) - number(a.dataset.size),
  };

  function sort() {
    for (const list of lists) list.append(...[...list.children].sort(orders[control.sort.value]));
  }

  // Files that other tools read.
  const encoder = new TextEncoder();
  const pathBytes = (item) => item.dataset.bytes ? Uint8Array.from(atob(item.dataset.bytes), (c) => c.charCodeAt(0)) : encoder.encode(item.dataset.path);
  function save(name, parts) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  // As sha256sum writes names: a backslash before the line where one is escaped.
  function baselineLine(item) {
    const bytes = [...pathBytes(item)];
    const escapes = { 92: "\\\\", 10: "\\n", 13: "\\r" };
    const escaped = bytes.flatMap((byte) => escapes[byte] ? [...encoder.encode(escapes[byte])] : [byte]);
    return [encoder.encode((escaped.length > bytes.length ? "\\" : "") + item.dataset.content + "  "), Uint8Array.from(escaped), encoder.encode("\n")];
  }
  const paths = (end) => marked("remove").flatMap((item) => [pathBytes(item), encoder.encode(end)]);
  byId("accept").addEventListener("click", () => save("accepted.txt", marked("fine").filter((item) => item.dataset.content).flatMap(baselineLine)));
  byId("list").addEventListener("click", () => save("remove.txt", paths("\n")));
  byId("list0").addEventListener("click", () => save("remove.nul", paths("\0")));

  function step(by) {
    const visible = lists.flatMap((list) => [...list.children]).filter((item) => !item.hidden);
    if (!visible.length) return;
    const here = visible.indexOf(document.activeElement.closest("[data-path]"));
    const next = visible[here < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(Math.max(here + by, 0), visible.length - 1)];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && isTyping) { event.target.blur(); return; }
    if (isTyping) return;
    const item = document.activeElement.closest("[data-path]");
    const actions = {
      j: () => step(1), k: () => step(-1), m: () => document.body.classList.toggle("maps"), "/": () => control.name.focus(),
      f: () => item && mark(item, "fine"), r: () => item && mark(item, "remove"), u: () => item && mark(item, null),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".marks button");
    if (button) mark(button.closest("[data-path]"), button.className);
  });
  control.name.addEventListener("input", filter);
  for (const one of [control.reason, control.folder, control.marked]) one.addEventListener("change", filter);
  control.sort.addEventListener("change", sort);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  items.forEach(show);
  count();
})();
