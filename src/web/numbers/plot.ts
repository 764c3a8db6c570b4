// A file of our own, so that the chunk has a name that the server's closed pattern of files lets through.
export { default } from 'uplot';
