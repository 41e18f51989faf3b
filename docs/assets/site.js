// What the theme leaves out for those who cannot see it or have no mouse: a name for the search, and a way to scroll
// wide tables by keyboard.
window.addEventListener("load", () => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelectorAll(".md-code__nav").forEach((one, i) => one.setAttribute("aria-label", `Code ${i + 1}`));
  for (const part of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code, .md-typeset .output")) {
    if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
  }
});
