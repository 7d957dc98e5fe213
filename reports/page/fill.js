// What goes on fills: what is new of the page is put in the place of what was there, and
// what its reader has unfolded, zoomed to, filtered and focused stays as it was.
const blocks = (page) => all(page, "header, main > *");
const labels = (node) => { const owner = node.closest("section").querySelector("h2 bdi"); return (owner ? owner.textContent : "") + "|" + node.firstElementChild.textContent.replace(/\d/g, ""); };
const stops = "summary, button, input, a, [tabindex]";
let drawn = blocks(pristine);
const put = (page) => {
  const old = blocks(document), fresh = blocks(page), next = fresh.map((n) => n.cloneNode(true)), words = find() ? find().value : "";
  const folds = new Map(all(document, "details").filter((n) => n.open !== first.get(n)).map((n) => [labels(n), n.open]));
  const views = new Map([...drawings.values()].map((d) => [d.name, d]));
  const at = old.findIndex((n) => n.contains(document.activeElement)), stop = at < 0 ? -1 : all(old[at], stops).indexOf(document.activeElement);
  filling = true;
  fresh.forEach((node, i) => {
    if (old[i] && drawn[i] && node.isEqualNode(drawn[i])) { return; }
    const mine = document.adoptNode(node);
    if (old[i]) { old[i].replaceWith(mine); } else { document.querySelector("main").append(mine); }
    ready(mine);
    all(mine, "details").forEach((n) => { if (folds.has(labels(n))) { n.open = folds.get(labels(n)); } });
    all(mine, ".charts").forEach((n) => { const was = views.get(n.querySelector(".scrub input").getAttribute("aria-label")); if (was && was.state().some((v) => v !== null)) { begin(n).become(...was.state()); } });
    if (i === at && stop >= 0 && all(mine, stops)[stop]) { all(mine, stops)[stop].focus({ preventScroll: true }); }
  });
  old.slice(fresh.length).forEach((n) => n.remove());
  drawings.forEach((d, root) => { if (!root.isConnected) { drawings.delete(root); } });
  drawn = next; document.title = page.title;
  if (find() && words) { find().value = words; filter(); }
  setTimeout(() => { filling = false; });
};
{
  const source = new EventSource(document.body.dataset.events);
  let asking = false, again = false;
  const ask = () => {
    again = asking;
    if (asking) { return; }
    asking = true;
    const request = new XMLHttpRequest(); // its document is parsed, and nothing in it runs
    request.open("GET", location.pathname); request.responseType = "document";
    request.onload = () => { if (request.status === 200 && request.response) { put(request.response); } };
    request.onloadend = () => { asking = false; if (again) { ask(); } };
    request.send();
  };
  source.addEventListener("change", ask);
  source.addEventListener("over", () => { source.close(); ask(); });
}
