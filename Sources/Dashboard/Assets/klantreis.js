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
