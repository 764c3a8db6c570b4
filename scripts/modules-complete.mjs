// Exit 0 when node_modules holds what package-lock.json asks for, 1 when `npm ci` is needed. Compares npm's own record of what it
// installed with the lock file, so that a repeated start needs neither npm nor a network.
import { readFileSync } from 'node:fs';

const folder = new URL('../', import.meta.url);
const packagesOf = (path) => JSON.parse(readFileSync(new URL(path, folder), 'utf8')).packages;

try {
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  const wrong = Object.entries(wanted).filter(([path, entry]) => {
    if (path === '') return false;
    const there = installed[path];
    // Packages for other systems are in the lock file and never on the disk.
    return there === undefined ? !entry.optional && !entry.peer : there.version !== entry.version;
  });
  if (wrong.length > 0)
    console.error(
      `not as package-lock.json says: ${wrong
        .map(([path]) => path)
        .slice(0, 5)
        .join(', ')}`,
    );
  process.exitCode = wrong.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
