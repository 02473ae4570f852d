// The shop's own script: the tracker's stub, and the calls that a shop makes.
"use strict";
window.klantreis = window.klantreis || function () {
  (window.klantreis.q = window.klantreis.q || []).push(arguments);
};
// What a consent banner of the shop already knows, a test says in the address: ?answer=no.
const answer = new URLSearchParams(location.search).get("answer");
if (answer) klantreis("consent", answer === "yes");

const gouda = {
  product_id: "gouda-18", sku: "G18", name: "Old Gouda", category: "Cheese", price: 12.5,
  quantity: 1, currency: "EUR",
};

// A basket has a number that the address says, as a shop's own session would.
const cart = new URLSearchParams(location.search).get("cart");
const inBasket = (facts) => cart ? Object.assign({ cart_id: cart }, facts) : facts;

// A link of a mail brought a basket back: the shop puts it where it was, at the same step.
document.addEventListener("klantreis:basket", (event) => {
  const list = document.createElement("ul");
  list.id = "restored";
  list.dataset.step = event.detail.step || "";
  for (const product of event.detail.products) {
    const line = document.createElement("li");
    line.textContent = product.quantity + " × " + product.name;
    list.append(line);
  }
  document.querySelector("main").append(list);
});

addEventListener("DOMContentLoaded", () => {
  const on = (id, work) => {
    const element = document.getElementById(id);
    if (element) element.addEventListener("click", work);
  };
  if (document.title.startsWith("Old Gouda")) klantreis("track", "Product Viewed", gouda);
  on("add", () => klantreis("track", "Product Added", inBasket(gouda)));
  if (document.getElementById("checkout")) {
    klantreis("track", "Checkout Started", inBasket({
      value: 12.5, currency: "EUR", products: [gouda],
    }));
  }
  if (document.getElementById("ordered")) {
    klantreis("track", "Order Completed", {
      order_id: "O-1", total: 12.5, revenue: 12.5, currency: "EUR", products: [gouda],
    });
  }
  // The app changes its address and then, a moment later, its title, as frameworks do.
  const view = document.getElementById("view");
  if (!view) return;
  const show = () => {
    const name = location.pathname.split("/").pop();
    requestAnimationFrame(() => {
      document.title = "App: " + name;
      view.textContent = name;
    });
  };
  for (const name of ["home", "list", "product"]) {
    on("app-" + name, (event) => {
      event.preventDefault();
      history.pushState({ name }, "", event.currentTarget.href);
      show();
    });
  }
  addEventListener("popstate", show);
  history.replaceState({}, "", location.href);
});
