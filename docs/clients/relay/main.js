// node main.mjs URL [KEY]: creates a meeting and deletes it, each also in a way that the server refuses.

import { createEnvironment } from './environment.js';
import { createMeeting, deleteMeeting, loadMeetings } from './meetings.js';

const [, , url, key] = process.argv;
const environment = createEnvironment(url, key);
const listed = await loadMeetings(environment, 10);
const say = (what) => console.log(`${what}: ${listed().map(({ title }) => title).join(', ')}`);

say('at first');
const created = await createMeeting(environment, { title: 'Weekly' });
say(created.__typename);
const refused = await createMeeting(environment, { title: '' });
say(`${refused.__typename} (${refused.message})`);
for (let time = 0; time < 2; time++) say((await deleteMeeting(environment, created.id)).__typename);
