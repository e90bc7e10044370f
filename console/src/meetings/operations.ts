import createMeeting from '../../../graphql/operations/CreateMeeting.graphql?raw';
import eraseMeeting from '../../../graphql/operations/EraseMeeting.graphql?raw';
import importTranscript from '../../../graphql/operations/ImportTranscript.graphql?raw';
import meeting from '../../../graphql/operations/Meeting.graphql?raw';
import meetingUpdates from '../../../graphql/operations/MeetingUpdates.graphql?raw';
import meetings from '../../../graphql/operations/Meetings.graphql?raw';
import transcriptFile from '../../../graphql/operations/TranscriptFile.graphql?raw';
import updateMeeting from '../../../graphql/operations/UpdateMeeting.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const CREATE_MEETING = operation<gql.CreateMeetingMutation, gql.CreateMeetingMutationVariables>(createMeeting);
export const ERASE_MEETING = operation<gql.EraseMeetingMutation, gql.EraseMeetingMutationVariables>(eraseMeeting);
export const IMPORT_TRANSCRIPT = operation<gql.ImportTranscriptMutation, gql.ImportTranscriptMutationVariables>(importTranscript);
export const MEETING = operation<gql.MeetingQuery, gql.MeetingQueryVariables>(meeting);
export const MEETING_UPDATES = operation<gql.MeetingUpdatesSubscription, gql.MeetingUpdatesSubscriptionVariables>(meetingUpdates);
export const MEETINGS = operation<gql.MeetingsQuery, gql.MeetingsQueryVariables>(meetings);
export const TRANSCRIPT_FILE = operation<gql.TranscriptFileQuery, gql.TranscriptFileQueryVariables>(transcriptFile);
export const UPDATE_MEETING = operation<gql.UpdateMeetingMutation, gql.UpdateMeetingMutationVariables>(updateMeeting);

export type Meeting = NonNullable<gql.MeetingQuery['meeting']>;
export type ListedMeeting = gql.MeetingsQuery['meetings']['nodes'][number];
export type MeetingChange = NonNullable<gql.MeetingUpdatesSubscription['meetingUpdates']['meeting']>;
