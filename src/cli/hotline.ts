#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { processHost } from '../main/host.js';
import { addDoctorCommand } from './doctor.js';
import { addExplainCommand } from './explain.js';
import { addFlowCommand } from './flow.js';
import { addPromptsCommand } from './prompts.js';
import { addRecountCommand } from './recount.js';
import { addReportCommand } from './report.js';
import { addServeCommand } from './serve.js';
import { addSimCommand } from './sim.js';
import { addSimulateCommand } from './simulate.js';
import { besideRunningHouse } from './stack/running-house.js';
import { addUpCommand } from './up.js';
import { addUserCommand } from './user.js';

/** The `hotline` command. Each part adds its own; only composition stands here. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
// Who asks means the house that `hotline up` runs here, when there is one.
const host = { ...processHost(), env: besideRunningHouse(process.env) };
const program = new Command('hotline')
  .description('Control layer for telephone hotlines: IVR, routing, recording and service level over Asterisk and FreeSWITCH')
  .version(version)
  .showHelpAfterError();
addServeCommand(program);
addUpCommand(program);
addDoctorCommand(program, host);
addFlowCommand(program, host);
addPromptsCommand(program, host);
addExplainCommand(program, host);
addSimulateCommand(program, host);
addRecountCommand(program, host);
addReportCommand(program, host);
addUserCommand(program, host);
addSimCommand(program, host);
await program.parseAsync();
