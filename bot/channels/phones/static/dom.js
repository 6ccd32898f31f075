// Makes elements. Text only ever becomes text: nothing on this page is parsed as markup.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element; `properties` may hold attributes, `on…` listeners, `class` and `data`. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const ICONS = {
  plus: "M12 5v14M5 12h14",
  send: "M5 12 19.500 5 15 19.500l-3.500-6z",
  menu: "M5 7h14M5 12h14M5 17h9",
  people:
    "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20c0-3.600 2.900-6 6.500-6s6.500 2.400 6.500 6M16 4.500a3.500 3.500 0 0 1 0 6.600M18 14.500c2.200.8 3.500 2.800 3.500 5.500",
  clock: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17ZM12 7.500V12l3 2",
  power: "M12 3.500v8M7 6.600a7.500 7.500 0 1 0 10 0",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  photo:
    "M4 6.500A1.500 1.500 0 0 1 5.500 5h13A1.500 1.500 0 0 1 20 6.500v11a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500ZM4 16l4.500-4.500L13 16l2.500-2.500L20 18M15.500 9.500h.01",
  file: "M7 3.500h6.500L18 8v11a1.500 1.500 0 0 1-1.500 1.500h-9A1.500 1.500 0 0 1 6 19V5a1.500 1.500 0 0 1 1-1.500ZM13.500 3.500V8H18",
  voice:
    "M12 3.500a2.800 2.800 0 0 0-2.800 2.800v5a2.800 2.800 0 0 0 5.600 0v-5A2.800 2.800 0 0 0 12 3.500ZM6 11.500a6 6 0 0 0 12 0M12 17.500V21",
  place:
    "M12 21s-6.500-5.700-6.500-11a6.500 6.500 0 0 1 13 0c0 5.300-6.500 11-6.500 11ZM12 7.700a2.300 2.300 0 1 0 0 4.600 2.300 2.300 0 0 0 0-4.600Z",
  forward: "M13.500 5.500 20 12l-6.500 6.500v-4C8 14.500 5.500 16 4 18.500c.3-5 3-8.500 9.500-9z",
  close: "M6 6l12 12M18 6 6 18",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5.500 11h13v9h-13z",
  down: "M6 9.500l6 6 6-6",
  sent: "m6 12.500 4 4L18.500 7.500",
  taken: "m2.500 12.500 4 4L14.500 7.500M11.500 15l1.500 1.500 8.500-9",
  waiting: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.500l2.500 1.500",
  failed: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.500M12 15.500v.01",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Return a round picture with the first character of a name, its colour drawn from the name. */
export function avatar(name, extra = "") {
  const first = [...name.trim()][0] ?? "?";
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 360;
  const circle = h("span", { class: `avatar ${extra}`, "aria-hidden": "true" }, first);
  circle.style.setProperty("--hue", sum);
  return circle;
}

/** Move the focus among `items` with the arrow keys, Home and End; one of them is a tab stop. */
export function roving(container, items) {
  items.forEach((item, index) => (item.tabIndex = index === 0 ? 0 : -1));
  container.addEventListener("keydown", (event) => {
    const at = items.indexOf(document.activeElement);
    if (at < 0) return;
    const last = items.length - 1;
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    let to = at + (steps[event.key] ?? 0);
    if (event.key === "Home") to = 0;
    if (event.key === "End") to = last;
    if (to === at && !(event.key in steps)) return;
    event.preventDefault();
    items[at].tabIndex = -1;
    const next = items[(to + items.length) % items.length];
    next.tabIndex = 0;
    next.focus();
  });
}

/** Say something to those who listen instead of looking. */
export function announce(text) {
  document.getElementById("said").textContent = text;
}
