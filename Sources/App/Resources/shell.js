// What every page of a signed-in person begins with: who it is, the menu, the way out.

import { renew, signOut, toSignIn } from "./api.js";
import { byID, h } from "./dom.js";
import { busy, errorText } from "./ui.js";

// Gives the account, or leaves for the sign-in page. What goes wrong before a page stands is said in the page.
export async function start() {
  let user;
  try {
    user = await renew();
  } catch (error) {
    failed(error);
    return new Promise(() => {});
  }
  if (!user) return toSignIn();
  byID("me-name").textContent = user.name || user.email;
  for (const element of document.querySelectorAll("[data-for=admin]")) element.hidden = !user.is_admin;
  const signOutButton = byID("sign-out");
  signOutButton.addEventListener("click", () => busy(signOutButton, () => signOut()));
  for (const link of document.querySelectorAll("nav a")) {
    const path = link.dataset.section ?? new URL(link.href).pathname;
    const here = link.dataset.exact === undefined ? location.pathname.startsWith(path) : location.pathname === path;
    if (here) link.setAttribute("aria-current", "page");
  }
  // On a narrow screen the tabs scroll; the one that is open is to be seen.
  const here = document.querySelector(".tabs [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;
  const menu = byID("me");
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  return user;
}

// A page that could not be made says so, with a way on. Of a chatbot that cannot be had, no frame is left either.
export function failed(error) {
  const isMissing = error.status === 404;
  for (const part of document.querySelectorAll("#chatbot > :not(main)")) part.hidden = isMissing;
  const level = document.querySelector("#chatbot > :not(main, [hidden]) h1") ? "h2" : "h1";
  byID("main").replaceChildren(
    h("section", { class: "empty", role: "alert" }, h(level, {}, isMissing ? "This is not here" : "This page could not be loaded"),
      h("p", {}, isMissing ? "It was removed, or it belongs to another account." : errorText(error)),
      h("p", { class: "actions" }, h("a", { class: "button", href: "/chatbots/" }, "To the chatbots"),
        h("button", { type: "button", on: { click: () => location.reload() } }, "Try again"))));
}

// Begins a page: `make(user)` builds it, and what it throws is shown in its place.
export async function page(make) {
  const user = await start();
  try {
    await make(user);
  } catch (error) {
    if (error?.name !== "AbortError") failed(error);
  }
  document.body.dataset.state = "ready";
}
