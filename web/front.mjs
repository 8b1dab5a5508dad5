// The public front page in one language; also the frame that the script fills for who signs in.
export const LANGUAGES = { // in the order of the United Nations
  ar: { name: "عربي", tag: "ar", dir: "rtl" },
  zh: { name: "中文", tag: "zh-Hans", dir: "ltr" },
  en: { name: "English", tag: "en", dir: "ltr" },
  fr: { name: "Français", tag: "fr", dir: "ltr" },
  ru: { name: "Русский", tag: "ru", dir: "ltr" },
  es: { name: "Español", tag: "es", dir: "ltr" },
};

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

/** words: all there are; shown: those that the script needs, which come with the page. */
export function frontPage({ language, words, shown, enabled, assets }) {
  const { tag, dir } = LANGUAGES[language];
  const t = (key) => {
    if (!(key in words)) throw new Error(`no words for ${key} in ${language}`);
    return escape(words[key]);
  };
  const bar = Object.entries(LANGUAGES).map(([code, l]) =>
    `<a href="/${code}" hreflang="${l.tag}" lang="${l.tag}" data-lang${code === language ? ' aria-current="true"' : ""}>${l.name}</a>`).join("");
  const steps = ["one", "two", "three"].map((n) => `<li><h3>${t(`front.step.${n}`)}</h3><p>${t(`front.step.${n}.text`)}</p></li>`).join("");
  const cards = enabled.map((code) => `<li class="card c-${code}"><h3>${t(`secretariat.${code}`)}</h3><p>${t(`front.helps.${code}`)}</p></li>`).join("");
  const alternates = Object.entries(LANGUAGES).map(([code, l]) => `<link rel="alternate" hreflang="${l.tag}" href="/${code}">`).join("");
  return `<!doctype html>
<html lang="${tag}" dir="${dir}" data-language="${language}" data-manifest="${assets.manifest}" data-reference="${assets.reference}">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="description" content="${t("front.lead")}">
<title>${t("web.name")}</title>
<link rel="stylesheet" href="${assets.style}"><link rel="icon" href="${assets.icon}">
${assets.pieces.map((p) => `<link rel="modulepreload" href="${p}">`).join("")}${alternates}
<script type="module" src="${assets.script}"></script>
</head>
<body>
<a class="skip" href="#main">${t("web.skip")}</a>
<header class="row">
<a class="brand" href="/${language}">${t("web.name")}</a>
<nav id="bar" class="bar" aria-label="${t("web.pages")}"><a class="button" href="#/in">${t("web.sign_in")}</a></nav>
<nav class="languages" aria-label="${t("web.languages")}">${bar}</nav>
</header>
<main id="main" tabindex="-1">
<div id="front">
<h1>${t("front.title")}</h1>
<p class="lead">${t("front.lead")}</p>
<noscript><div class="note"><p>${t("front.noscript")}</p><p><a href="/v1/statistics">${t("front.noscript.counts")}</a></p></div></noscript>
<section aria-labelledby="how"><h2 id="how">${t("front.how")}</h2><ol class="how">${steps}</ol></section>
<section aria-labelledby="who"><h2 id="who">${t("front.who")}</h2><p>${t("front.who.text")}</p><ul class="grid">${cards}</ul></section>
<div id="counts"></div>
<section aria-labelledby="get"><h2 id="get">${t("front.token")}</h2><p>${t("front.token.text")}</p></section>
</div>
<div id="app"></div>
</main>
<footer><p>${t("front.foot")}</p></footer>
<script type="application/json" id="words">${JSON.stringify(shown).replaceAll("<", "\\u003c")}</script>
</body>
</html>
`;
}
