// The windows that open over the phones: people, location, picture, and the top bar's panels.

import { avatar, h, icon } from "./dom.js";
import { t } from "./words.js";

/** Show a window; it closes with Escape, its cross, or a click beside it. */
export function openDialog(title, kind, ...content) {
  const close = h(
    "button",
    { type: "button", class: "round", "aria-label": t("close"), onclick: () => dialog.close() },
    icon("close"),
  );
  const heading = h("h2", {}, title);
  const dialog = h(
    "dialog",
    { class: kind, "aria-label": title },
    h("div", { class: "head" }, heading, close),
    content,
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function showPicture(url, name, guarded) {
  const picture = h("img", { src: url, alt: name, draggable: "false" });
  if (guarded) picture.addEventListener("contextmenu", (event) => event.preventDefault());
  openDialog(name, "picture", picture);
}

/** Ask for a place; resolves to nothing when the window is closed without one. */
export function askPlace(samples) {
  return new Promise((resolve) => {
    let chosen = null;
    const done = (place) => {
      chosen = place;
      dialog.close();
    };
    const buttons = samples.map(([latitude, longitude, label]) =>
      h(
        "button",
        { type: "button", class: "entry", onclick: () => done({ latitude, longitude, label }) },
        icon("place"),
        h("span", { class: "who" }, label, h("small", {}, `${latitude}, ${longitude}`)),
      ),
    );
    const field = (name, properties) => {
      const input = h("input", { name, ...properties });
      return [input, h("label", {}, t(name), input)];
    };
    const number = { inputmode: "decimal", required: true, autocomplete: "off" };
    const [latitude, latitudeLabel] = field("latitude", number);
    const [longitude, longitudeLabel] = field("longitude", number);
    const [label, nameLabel] = field("placeName", { maxlength: "100", autocomplete: "off" });
    const wrong = h("p", { class: "warning", role: "alert", hidden: true }, t("placeBad"));
    const form = h(
      "form",
      {
        class: "own",
        onsubmit: (event) => {
          event.preventDefault();
          const [north, east] = [Number(latitude.value), Number(longitude.value)];
          wrong.hidden = Math.abs(north) <= 90 && Math.abs(east) <= 180;
          if (wrong.hidden) done({ latitude: north, longitude: east, label: label.value.trim() });
        },
      },
      h("h3", {}, t("placeOwn")),
      latitudeLabel,
      longitudeLabel,
      nameLabel,
      wrong,
      h("button", { type: "submit", class: "primary" }, t("send")),
    );
    const dialog = openDialog(
      t("placeTitle"),
      "panel",
      h("div", { class: "entries" }, buttons),
      form,
    );
    dialog.addEventListener("close", () => resolve(chosen));
  });
}

/** The drawer in which phones are chosen; `toggle` opens or puts away one. */
export function showPeople(chats, isShown, toggle) {
  const search = h("input", {
    type: "search",
    placeholder: t("peopleSearch"),
    "aria-label": t("peopleSearch"),
    autocomplete: "off",
    oninput: () => draw(),
  });
  const list = h("div", { class: "entries" });
  const count = h("p", { class: "hint", "aria-live": "polite" });
  openDialog(t("peopleTitle"), "drawer", search, count, list);

  function draw() {
    const words = search.value.trim().toLowerCase().split(/\s+/);
    const fits = (one) =>
      words.every((word) =>
        `${one.name} ${one.department} ${one.role}`.toLowerCase().includes(word),
      );
    const found = chats.people.filter(fits);
    list.replaceChildren(...groups(found));
    if (!found.length) list.append(h("p", { class: "hint" }, t("peopleNone")));
    recount();
  }

  function recount() {
    const shown = chats.people.filter((one) => isShown(one.account));
    count.textContent = t("peopleCount", { n: shown.length });
  }

  function groups(found) {
    const departments = new Map();
    for (const one of found)
      departments.set(one.department, [...(departments.get(one.department) ?? []), one]);
    return [...departments].flatMap(([name, people]) => [h("h3", {}, name), ...people.map(entry)]);
  }

  function entry(one) {
    const { unread } = chats.chat(one.account);
    const box = h("input", {
      type: "checkbox",
      onchange: () => {
        toggle(one.account, box.checked);
        recount();
      },
    });
    box.checked = isShown(one.account);
    return h(
      "label",
      { class: "entry" },
      avatar(one.name),
      h("span", { class: "who" }, one.name, h("small", {}, one.role)),
      unread
        ? h("span", { class: "badge", "aria-label": t("unread", { n: unread }) }, String(unread))
        : null,
      box,
    );
  }

  draw();
  search.focus();
}
