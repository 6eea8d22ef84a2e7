// Without scripts the page is whole: this adds a search, and opens the stories for printing.
(() => {
  const form = document.getElementById("search");
  const field = form.querySelector("input");
  const count = form.querySelector("output");
  const stories = [...document.querySelectorAll("details.story, li.single")];
  // What stands there of the articles, not the words between; read when it is first asked for.
  let texts;
  const text = (story) =>
    [...story.querySelectorAll("bdi, .short, .meta")]
      .map((part) => part.textContent)
      .join(" ")
      .toLowerCase();
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  let waiting;
  const filter = () => {
    texts ??= stories.map(text);
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    stories.forEach((story, at) => {
      const fits = words.every((word) => texts[at].includes(word));
      story.hidden = !fits;
      shown += fits;
    });
    // What fits must not stay folded away.
    document.querySelectorAll("details:has(> ul > li.single)").forEach((each) => {
      each.open = words.length > 0 && each.querySelector("li.single:not([hidden])") !== null;
    });
    count.textContent = words.length ? `${shown} found` : "";
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((each) => { each.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((each) => { each.open = false; }));
})();
