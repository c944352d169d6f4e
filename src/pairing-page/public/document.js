// Small moves on the document of the page.

/** @param {string} id */
export function at(id) {
  return document.getElementById(id);
}

/** Shows or hides an element. */
export function show(id, isShown) {
  at(id).hidden = !isShown;
}

/** Writes a text, unless it stands there already. */
export function text(id, content) {
  if (at(id).textContent !== content) at(id).textContent = content;
}

/** A sentence in the visitor's language with its blanks filled in; '' when there is none under this key. */
export function words(key, blanks = {}) {
  const sentence = at('texts').content.querySelector(`[data-text="${key}"]`)?.textContent ?? '';
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(blanks[name] ?? ''));
}

/** Copies; where a page may not (plain HTTP from another machine), selects the element, to be copied by hand. */
export async function copyText(content, element) {
  try {
    await navigator.clipboard.writeText(content);
    return true;
  } catch {
    window.getSelection()?.selectAllChildren(element);
    return false;
  }
}
