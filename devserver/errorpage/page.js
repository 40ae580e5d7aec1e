
// Reloads the page when the session has something new to show. A hidden page
// keeps no connection: browsers have only six for each host.
const { edition, events, method } = document.documentElement.dataset;
const footer = document.querySelector("footer");
const again = document.querySelector(".again");
let source;

function say(state, words) {
  footer.className = state;
  footer.querySelector(".words").textContent = words;
}

function follow() {
  source?.close();
  if (document.hidden) return;
  source = new EventSource(events);
  source.onopen = () => say("watching", "Fix it and save: this page reloads by itself.");
  source.onmessage = ({ data }) => {
    if (data !== edition) renew();
  };
  source.onerror = () => say("lost", "The session has ended. This page reloads when it is back.");
}

function renew() {
  if (method === "GET" || method === "HEAD") {
    location.reload();
    return;
  }
  source.close();
  document.removeEventListener("visibilitychange", follow);
  // Only the user may send a request that changes something once more.
  say("watching", `There is something new. The ${method} request is not sent again by itself.`);
  again.hidden = false;
}

again.addEventListener("click", () => location.reload());
document.addEventListener("visibilitychange", follow);
follow();

for (const place of document.querySelectorAll(".place")) {
  place.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(place.dataset.copy);
    } catch {
      getSelection().selectAllChildren(place); // not allowed: the user copies
      return;
    }
    place.classList.add("copied");
    setTimeout(() => place.classList.remove("copied"), 1500);
  });
}
