/** Entry of the page. */
import { render } from 'preact';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import { App } from './shell/app.tsx';

const root = document.getElementById('page');
if (root) render(<App />, root);
