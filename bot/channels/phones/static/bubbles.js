// Draws one message: its bubble, its files, its buttons, its tick.

import { avatar, h, icon, roving } from "./dom.js";
import { hour, parse, safeName, size } from "./format.js";
import { showPicture } from "./dialogs.js";
import { t } from "./words.js";

const LONG = 1_400;
/** Keys of the button that finishes what the card is about. */
const MAIN = /\.(submit|done)$/;
const fileUrl = (ref) => `file/${ref}`;

/** Draw what the person or the bot said; `does` holds what buttons call. */
export function drawMessage(item, person, does) {
  const { message } = item;
  const mine = message.mine;
  const stack = h(
    "div",
    { class: "stack" },
    bubble(item),
    keyboard(item, does),
    mine ? h("div", { class: "tick" }) : null,
  );
  const line = h("article", { class: `line ${mine ? "mine" : "theirs"}` }, stack);
  line.prepend(
    mine
      ? avatar(person.name)
      : h("span", { class: "avatar bot", "aria-hidden": "true" }, t("botLetter")),
  );
  return line;
}

/** Draw what one can begin with while nothing was said: commands, and a sentence to try. */
export function drawEmpty({ commands }, { example }, does) {
  const buttons = commands.map(([command, title]) =>
    h(
      "button",
      { type: "button", class: "key", onclick: () => does.say(`/${command}`) },
      h("span", {}, title),
    ),
  );
  const keys = h("div", { class: "keys", role: "group", "aria-label": t("buttons") }, buttons);
  roving(keys, buttons);
  return h(
    "div",
    { class: "empty" },
    h("p", {}, t(buttons.length ? "emptyStart" : "empty")),
    buttons.length ? keys : null,
    example ? h("p", {}, t("emptyWrite")) : null,
    example
      ? h(
          "button",
          { type: "button", class: "example", onclick: () => does.propose(example) },
          h("bdi", {}, example),
        )
      : null,
  );
}

/** Bring what changes often up to date without drawing the message anew: ticks, waiting buttons. */
export function refresh(line, item, does) {
  line.querySelector(".tick")?.replaceWith(tick(item, does));
  for (const button of line.querySelectorAll(".key")) {
    if (item.busy.includes(button.dataset.key)) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }
}

function bubble({ message, files }) {
  const box = h("div", { class: "bubble", title: message.at ? hour(parse(message.at)) : null });
  if (message.forwarded) box.append(h("p", { class: "mark" }, icon("forward"), t("forwarded")));
  if (message.title) box.append(h("h3", { class: "title", dir: "auto" }, message.title));
  if (files.length) box.append(drawFiles(files, message.protect));
  if (message.place) box.append(drawPlace(message.place));
  if (message.text) box.append(...drawText(message.text));
  if (message.protect) protect(box);
  if (
    files.length &&
    !message.text &&
    !message.title &&
    files.every((one) => one.kind === "photo")
  ) {
    box.classList.add("bare");
  }
  return box;
}

function drawText(text) {
  const body = h("div", { class: "text" }, text);
  if (text.length <= LONG) return [body];
  body.classList.add("folded");
  const more = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick: () => {
        body.classList.remove("folded");
        more.remove();
      },
    },
    t("expand"),
  );
  return [body, more];
}

function protect(box) {
  box.classList.add("protected");
  box.append(h("p", { class: "mark" }, icon("lock"), t("protectedMark")));
  for (const name of ["copy", "cut", "contextmenu", "dragstart"]) {
    box.addEventListener(name, (event) => event.preventDefault());
  }
}

function drawFiles(files, guarded) {
  const photos = files.filter((one) => one.kind === "photo");
  const others = files.filter((one) => one.kind !== "photo");
  const box = h("div", { class: "files" });
  if (photos.length) {
    const grid = h("div", { class: `photos n${Math.min(photos.length, 3)}` });
    grid.append(
      ...photos.map((one) => {
        const name = safeName(one.name);
        const picture = h("img", {
          src: one.url ?? fileUrl(one.ref),
          alt: name,
          loading: "lazy",
          draggable: "false",
        });
        return h(
          "button",
          {
            type: "button",
            class: "photo",
            "aria-label": t("preview", { name }),
            onclick: () => showPicture(picture.src, name, guarded),
          },
          picture,
        );
      }),
    );
    box.append(grid);
  }
  box.append(...others.map((one) => drawFile(one, guarded)));
  return box;
}

function drawFile(one, guarded) {
  const name = safeName(one.name);
  const url = one.url ?? fileUrl(one.ref);
  if (one.kind === "voice") {
    return h(
      "div",
      { class: "voice" },
      h("audio", { controls: true, src: url, preload: "none" }),
      h("small", {}, h("bdi", {}, name)),
    );
  }
  if (one.kind === "video") return h("video", { controls: true, src: url, preload: "metadata" });
  const inside = [
    icon("file"),
    h("span", { class: "filename" }, h("bdi", {}, name), h("small", {}, size(one.size))),
  ];
  if (guarded) return h("div", { class: "document" }, inside);
  return h(
    "a",
    { class: "document", href: url, download: name, "aria-label": t("download", { name }) },
    inside,
  );
}

function drawPlace([latitude, longitude, label]) {
  const spot = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
  return h(
    "div",
    { class: "place" },
    h("span", { class: "map", "aria-hidden": "true" }, icon("place")),
    h("span", { class: "spot" }, h("bdi", {}, label || t("place")), h("small", {}, spot)),
  );
}

function keyboard({ message }, does) {
  const { grid, rows, nav } = message;
  if (!grid.length && !rows.length && !nav.length) return null;
  const buttons = [];
  const draw = ([label, key]) => {
    const button = h(
      "button",
      { type: "button", class: "key", data: { key }, onclick: () => does.tap(message, key) },
      h("span", {}, label),
    );
    if (key.endsWith(".cancel")) button.classList.add("cancel");
    if (MAIN.test(key)) button.classList.add("main");
    buttons.push(button);
    return button;
  };
  const box = h("div", { class: "keys", role: "group", "aria-label": t("buttons") });
  box.append(...grid.map((week) => h("div", { class: "row grid" }, week.map(draw))));
  box.append(...rows.map((row) => h("div", { class: "row" }, row.map(draw))));
  if (nav.length) box.append(h("div", { class: "row nav" }, nav.map(draw)));
  roving(box, buttons);
  return box;
}

function tick({ message, entry }, does) {
  const state = entry?.failed ? "failed" : entry ? "waiting" : message.taken ? "taken" : "sent";
  const line = h("div", { class: `tick ${state}` });
  if (entry?.failed) {
    const reason = t(`reason_${entry.failed}`, { limit: does.limits().text });
    line.append(
      icon("failed"),
      h("span", {}, reason),
      h("button", { type: "button", class: "link", onclick: () => does.retry(entry) }, t("retry")),
      h(
        "button",
        { type: "button", class: "link", onclick: () => does.discard(entry) },
        t("discard"),
      ),
    );
    return line;
  }
  if (entry?.files.length) line.append(h("span", {}, t("uploading")));
  const mark = icon(state);
  mark.removeAttribute("aria-hidden");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", t(state));
  line.append(mark);
  return line;
}
