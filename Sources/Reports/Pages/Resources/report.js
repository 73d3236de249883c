"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  // Everything that was judged: cards of the flagged and rows of the unreadable, which stand in the page, and the ordinary,
  // of which rows are made as they are wanted.
  const standing = ["flagged", "unreadable"].map(byId).filter(Boolean);
  const number = (text) => text === "" || text === null ? -Infinity : Number(text);
  const items = standing.flatMap((list) => [...list.children]).map((element) => {
    const { path, bytes, content, folder, reasons, rank, bits, size } = element.dataset;
    return { element, path, bytes, content, folder, reasons: reasons.split("|"), rank: Number(rank), bits: number(bits), size: number(size) };
  });
  const data = JSON.parse(byId("rows").textContent);
  const rest = (shown) => shown.startsWith(data.stem) ? shown.slice(data.stem.length) : shown;
  const ordinary = data.rows.map(([path, folder, p, score, bits, width, height, format, bytes, shown], rank) => (
    { element: null, path, bytes, folder: data.folders[folder], reasons: [], rank, p, score, bits: number(bits), width, height, size: width * height || -Infinity, format, shown: rest(shown || path) }));
  items.push(...ordinary);
  const itemOf = new WeakMap(items.filter((item) => item.element).map((item) => [item.element, item]));
  const table = byId("ordinary"), more = byId("more"), step = 200;
  let matching = ordinary, listed = 0;
  const control = { name: byId("name"), reason: byId("reason"), folder: byId("folder"), marked: byId("marked"), sort: byId("sort") };
  // A page opened from disk may not be allowed to keep anything.
  const storageKey = "surprisal " + document.body.dataset.page;
  const store = {
    read() { try { return JSON.parse(localStorage.getItem(storageKey)) || {}; } catch { return {}; } },
    write(marks) { try { localStorage.setItem(storageKey, JSON.stringify(marks)); } catch { /* kept while the page is open */ } },
  };
  const marks = store.read();
  const markKey = (item) => item.bytes || item.path;
  const markOf = (item) => marks[markKey(item)];

  function show(item) {
    const { element } = item, kind = markOf(item);
    if (!element) return;
    if (kind) element.dataset.mark = kind; else delete element.dataset.mark;
    for (const button of element.querySelectorAll(".marks button")) button.setAttribute("aria-pressed", String(button.className === kind));
  }

  function mark(item, kind) {
    if (!kind || markOf(item) === kind) delete marks[markKey(item)]; else marks[markKey(item)] = kind;
    store.write(marks);
    show(item);
    count();
  }

  const marked = (kind) => items.filter((item) => markOf(item) === kind);
  const accepted = () => marked("fine").filter((item) => item.content);
  let visible = items.length;

  function count() {
    const [fine, remove] = [marked("fine").length, marked("remove").length];
    byId("shown").textContent = `${visible} of ${items.length} shown` + (fine ? `, ${fine} fine` : "") + (remove ? `, ${remove} to remove` : "");
    byId("accept").disabled = accepted().length === 0;
    byId("list").disabled = byId("list0").disabled = remove === 0;
  }

  // A row of an ordinary image.
  function row(item) {
    const element = document.createElement("tr");
    element.tabIndex = -1;
    element.dataset.path = item.path;
    const figure = (value, digits) => Number.isFinite(value) ? value.toFixed(digits) : "";
    const name = document.createElement("bdi");
    name.textContent = item.shown;
    name.title = item.path;
    element.insertCell().append(name);
    for (const text of [figure(item.p, 4), figure(item.score, 2), figure(item.bits, 3), item.width ? `${item.width}×${item.height}` : "", item.format || ""])
      element.insertCell().textContent = text;
    itemOf.set(element, item);
    return element;
  }

  function list(some) {
    for (const item of matching.slice(listed, listed + some)) {
      item.element ??= row(item);
      show(item);
      table.append(item.element);
    }
    listed = Math.min(listed + some, matching.length);
    more.hidden = listed === matching.length;
    more.textContent = `Show ${Math.min(step, matching.length - listed)} more of ${matching.length - listed}`;
  }

  function filter() {
    const name = control.name.value.toLowerCase();
    const matches = (item) => item.path.toLowerCase().includes(name)
      && (!control.reason.value || item.reasons.includes(control.reason.value))
      && (!control.folder.value || item.folder === control.folder.value)
      && (!control.marked.value || (markOf(item) || "none") === control.marked.value);
    visible = 0;
    for (const item of items) if (item.element && item.element.parentNode !== table) item.element.hidden = !matches(item);
    for (const item of items) if (matches(item)) visible += 1;
    matching = ordinary.filter(matches).sort(orders[control.sort.value]);
    if (table) {
      table.replaceChildren();
      listed = 0;
      list(step);
    }
    count();
  }

  const orders = {
    rank: (a, b) => a.rank - b.rank,
    name: (a, b) => a.path < b.path ? -1 : a.path > b.path ? 1 : 0,
    bits: (a, b) => b.bits - a.bits || a.rank - b.rank,
    size: (a, b) => b.size - a.size || a.rank - b.rank,
  };

  function sort() {
    const order = orders[control.sort.value];
    for (const list of standing) list.append(...[...list.children].sort((a, b) => order(itemOf.get(a), itemOf.get(b))));
    filter();
  }

  // Files that other tools read.
  const encoder = new TextEncoder();
  const pathBytes = (item) => item.bytes ? Uint8Array.from(atob(item.bytes), (c) => c.charCodeAt(0)) : encoder.encode(item.path);
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
    return [encoder.encode((escaped.length > bytes.length ? "\\" : "") + item.content + "  "), Uint8Array.from(escaped), encoder.encode("\n")];
  }
  const paths = (end) => marked("remove").flatMap((item) => [pathBytes(item), encoder.encode(end)]);
  byId("accept").addEventListener("click", () => save("accepted.txt", accepted().flatMap(baselineLine)));
  byId("list").addEventListener("click", () => save("remove.txt", paths("\n")));
  byId("list0").addEventListener("click", () => save("remove.nul", paths("\0")));

  const focused = () => itemOf.get(document.activeElement.closest("[data-path]"));

  function move(by) {
    const places = [...document.querySelectorAll("[data-path]")].filter((element) => !element.hidden);
    if (!places.length) return;
    const here = places.indexOf(document.activeElement.closest("[data-path]"));
    if (here + by === places.length && !more?.hidden && table) { list(step); move(by); return; }
    const next = places[here < 0 ? (by > 0 ? 0 : places.length - 1) : Math.min(Math.max(here + by, 0), places.length - 1)];
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && isTyping) { event.target.blur(); return; }
    if (isTyping) return;
    const item = focused();
    const actions = {
      j: () => move(1), k: () => move(-1), m: () => document.body.classList.toggle("maps"), "/": () => control.name.focus(),
      f: () => item && mark(item, "fine"), r: () => item && mark(item, "remove"), u: () => item && mark(item, null),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".marks button");
    if (button) mark(itemOf.get(button.closest("[data-path]")), button.className);
  });
  control.name.addEventListener("input", filter);
  for (const one of [control.reason, control.folder, control.marked]) one.addEventListener("change", filter);
  control.sort.addEventListener("change", sort);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  more?.addEventListener("click", () => list(step));
  items.forEach(show);
  filter();
})();
