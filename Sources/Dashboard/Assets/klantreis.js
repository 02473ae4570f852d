// Small comforts; every page works without them.
"use strict";

// A choice made with the pointer shows at once. By keyboard the button stays in charge, because
// arrow keys pass over choices that nobody meant.
for (const form of document.querySelectorAll("[data-submit-on-choice]")) {
  for (const select of form.querySelectorAll("select")) {
    let byPointer = false;
    select.addEventListener("pointerdown", () => { byPointer = true; });
    select.addEventListener("keydown", () => { byPointer = false; });
    select.addEventListener("change", () => { if (byPointer) form.requestSubmit(); });
  }
  // Fields that say nothing stay out of the address.
  form.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
  });
}

// A wide map stays where it was scrolled to when another question is asked.
for (const part of document.querySelectorAll("[data-keep-scroll]")) {
  const key = "scroll:" + part.dataset.keepScroll;
  try {
    const [left, top] = (sessionStorage.getItem(key) || "0,0").split(",").map(Number);
    part.scrollTo(left, top);
    addEventListener("pagehide", () => {
      sessionStorage.setItem(key, part.scrollLeft + "," + part.scrollTop);
    });
  } catch {
    // Storage can be switched off; then the map starts at its beginning.
  }
}

// A file can be dropped on the upload form.
for (const form of document.querySelectorAll("[data-drop]")) {
  const input = form.querySelector("input[type=file]");
  form.querySelector(".drop-hint").hidden = false;
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length > 0) input.files = event.dataTransfer.files;
  });
}

// How many customers a rule finds, while it is typed. The page's own button does the same.
for (const form of document.querySelectorAll("[data-count]")) {
  const rule = form.querySelector("[name=who]");
  const size = form.querySelector("[data-size]");
  const language = document.documentElement.lang;
  let asked = 0;
  let timer;
  rule.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked;
      if (rule.value.trim() === "") { size.textContent = ""; return; }
      const query = new URLSearchParams({ who: rule.value, points: "1" });
      try {
        const answer = await fetch(form.dataset.count + "?" + query);
        const body = await answer.json();
        if (turn !== asked) return;
        size.textContent = answer.ok ? words(body) : body.detail;
      } catch {
        // Without an answer the last one goes: it was of another rule.
        if (turn === asked) size.textContent = "";
      }
    }, 200);
  });
  const words = ({ members, customers }) => {
    const count = (number) => number.toLocaleString(language);
    const share = (customers > 0 ? members / customers : 0)
      .toLocaleString(language, { style: "percent", maximumFractionDigits: 0 });
    return size.dataset.words.replace("{members}", count(members))
      .replace("{customers}", count(customers)).replace("{share}", share);
  };
}

// A key is copied by one press. Where the browser doesn't let us, the text can still be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  if (!text || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = button.dataset.done;
  });
}

// Events of a source appear while somebody looks. The list on the page is the beginning; what the
// stream sends again after a break is recognised by its key.
for (const part of document.querySelectorAll("[data-live]")) {
  const rows = part.querySelector("tbody");
  const blank = part.querySelector("template");
  const state = part.querySelector("[data-state]");
  const pause = part.querySelector("[data-pause]");
  const pauseText = pause.textContent;
  const limit = Number(part.dataset.limit);
  const address = new URL(part.dataset.live, location.href);
  let stream = null;
  let timer = 0;

  const say = (text) => { if (state.textContent !== text) state.textContent = text; };
  const add = (event) => {
    if ([...rows.children].some((row) => row.dataset.key === event.key)) return;
    const row = blank.content.firstElementChild.cloneNode(true);
    row.dataset.key = event.key;
    for (const cell of row.querySelectorAll("[data-part]")) {
      const text = event[cell.dataset.part];
      (cell.querySelector("bdi") || cell).textContent = text;
      if (cell.dataset.part === "customer") cell.href = event.href;
    }
    row.classList.add("fresh");
    rows.prepend(row);
    while (rows.children.length > limit) rows.lastElementChild.remove();
    part.querySelector("[data-none]").hidden = true;
    part.querySelector("[data-some]").hidden = false;
    setTimeout(() => row.classList.remove("fresh"), 2000);
  };
  const open = () => {
    stream = new EventSource(address);
    stream.addEventListener("open", () => say(state.dataset.on));
    stream.addEventListener("touchpoint", (message) => {
      address.searchParams.set("after", message.lastEventId);
      add(JSON.parse(message.data));
    });
    stream.addEventListener("error", () => {
      say(state.dataset.off);
      // The browser tries again by itself, but not after an answer that is no stream.
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(open, 5000);
    });
  };
  const close = () => {
    clearTimeout(timer);
    stream.close();
  };
  let isPaused = false;
  pause.hidden = false;
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? pause.dataset.resume : pauseText;
    if (isPaused) {
      close();
      say(state.dataset.paused);
    } else {
      open();
    }
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted && !isPaused) open(); });
  open();
}
