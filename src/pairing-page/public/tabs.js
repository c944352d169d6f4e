/**
 * Tabs by the ARIA Authoring Practices: one of them is in the tab order, arrows, Home and End go to the others, and what
 * has the focus is selected.
 * @param {HTMLElement[]} tabs
 * @param {() => void} changed runs after a tab was selected
 */
export function makeTabs(tabs, changed) {
  function select(selected) {
    for (const tab of tabs) {
      const isSelected = tab === selected;
      tab.setAttribute('aria-selected', String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      document.getElementById(tab.getAttribute('aria-controls')).hidden = !isSelected;
    }
    changed();
  }

  function targetOf(key, index) {
    const last = tabs.length - 1;
    switch (key) {
      case 'ArrowRight':
        return tabs[index === last ? 0 : index + 1];
      case 'ArrowLeft':
        return tabs[index === 0 ? last : index - 1];
      case 'Home':
        return tabs[0];
      case 'End':
        return tabs[last];
      default:
        return undefined;
    }
  }

  tabs.forEach((tab, index) => {
    tab.addEventListener('click', () => select(tab));
    tab.addEventListener('keydown', (event) => {
      const target = targetOf(event.key, index);
      if (!target) return;
      event.preventDefault();
      select(target);
      target.focus();
    });
  });
  return { select };
}
