import correctSegments from '../../../graphql/operations/CorrectSegments.graphql?raw';
import nameSpeakers from '../../../graphql/operations/NameSpeakers.graphql?raw';
import segmentUpdates from '../../../graphql/operations/SegmentUpdates.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const CORRECT_SEGMENTS = operation<gql.CorrectSegmentsMutation, gql.CorrectSegmentsMutationVariables>(correctSegments);
export const NAME_SPEAKERS = operation<gql.NameSpeakersMutation, gql.NameSpeakersMutationVariables>(nameSpeakers);
export const SEGMENT_UPDATES = operation<gql.SegmentUpdatesSubscription, gql.SegmentUpdatesSubscriptionVariables>(segmentUpdates);

export type Updates = gql.SegmentUpdatesSubscription['segmentUpdates'];
export type Segment = Updates['segments'][number];
