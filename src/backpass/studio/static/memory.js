// What a tab remembers when its page is loaded again; a page in a sandbox remembers nothing.

export function remember(name, value) {
  try {
    sessionStorage.setItem(`backpass-${name}`, value);
  } catch {
    // a frame without an origin of its own has no storage
  }
}

export function remembered(name) {
  try {
    return sessionStorage.getItem(`backpass-${name}`);
  } catch {
    return null;
  }
}
