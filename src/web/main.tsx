import { render } from 'preact';
import { App } from './app.js';
import { followTitle } from './page-title.js';
import { startRouter } from './router.js';

startRouter();
followTitle();
render(<App />, document.getElementById('page') as HTMLElement);
