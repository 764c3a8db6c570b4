import { play, remarkOf, TABLES } from './published.js';

/** One table in a process of its own, so that the bench uses all cores: its name comes as the argument, its rows go to the parent. */
const table = TABLES.find(({ name }) => name === process.argv[2]);
if (!table) throw new Error(`there is no table ${process.argv[2]}`);
const { rows, result } = await play(table);
process.send?.({ rows, remark: remarkOf(table, result) }, () => process.disconnect());
