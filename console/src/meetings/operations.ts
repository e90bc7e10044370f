import meeting from '../../../graphql/operations/Meeting.graphql?raw';
import meetings from '../../../graphql/operations/Meetings.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const MEETING = operation<gql.MeetingQuery, gql.MeetingQueryVariables>(meeting);
export const MEETINGS = operation<gql.MeetingsQuery, gql.MeetingsQueryVariables>(meetings);

export type Meeting = NonNullable<gql.MeetingQuery['meeting']>;
export type ListedMeeting = gql.MeetingsQuery['meetings']['nodes'][number];
