import { render } from 'preact';
import { start } from './live.js';
import { Wallboard } from './wallboard.js';

start();
render(<Wallboard />, document.getElementById('page') as HTMLElement);
