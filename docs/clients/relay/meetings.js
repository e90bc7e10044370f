// A list of meetings, and what changes it.

import {
  commitMutation,
  ConnectionHandler,
  createOperationDescriptor,
  fetchQuery,
  getRequest,
  graphql,
  ROOT_ID,
} from 'relay-runtime';

const LIST = 'meetings_meetings'; // the key of the connection below

const meetingsQuery = graphql`
  query meetingsQuery($count: Int!, $cursor: String) {
    meetings(first: $count, after: $cursor, orderBy: { field: CREATED_AT, direction: DESC })
      @connection(key: "meetings_meetings", filters: []) {
      edges {
        node {
          id
          title
        }
      }
    }
  }
`;

const createMutation = graphql`
  mutation meetingsCreateMutation($input: CreateMeetingInput!) {
    createMeeting(input: $input) {
      __typename
      ... on Meeting {
        id
        title
      }
      ... on Error {
        message
      }
    }
  }
`;

const deleteMutation = graphql`
  mutation meetingsDeleteMutation($id: ID!, $lists: [ID!]!) {
    deleteMeeting(id: $id) {
      __typename
      ... on Deleted {
        id @deleteEdge(connections: $lists)
      }
      ... on Error {
        message
      }
    }
  }
`;

/** Gets the first meetings into the store, and keeps them there. */
export async function loadMeetings(environment, count) {
  const operation = createOperationDescriptor(getRequest(meetingsQuery), { count });
  environment.retain(operation);
  await fetchQuery(environment, meetingsQuery, { count }).toPromise();
  return () => environment.lookup(operation.fragment).data.meetings.edges.map(({ node }) => node);
}

/** Creates a meeting, which becomes the first of the list. Returns the mutation's result, which may be an error. */
export async function createMeeting(environment, input) {
  const { createMeeting } = await commit(environment, {
    mutation: createMutation,
    variables: { input },
    updater(store) {
      const created = store.getRootField('createMeeting');
      if (created.getType() !== 'Meeting') return; // an error has no place in a list of meetings
      const list = ConnectionHandler.getConnection(store.getRoot(), LIST);
      if (list) ConnectionHandler.insertEdgeBefore(list, ConnectionHandler.createEdge(store, list, created, 'MeetingEdge'));
    },
  });
  return createMeeting;
}

/** Deletes a meeting, which `@deleteEdge` takes out of the list. Returns the mutation's result, which may be an error. */
export async function deleteMeeting(environment, id) {
  const lists = [ConnectionHandler.getConnectionID(ROOT_ID, LIST)];
  return (await commit(environment, { mutation: deleteMutation, variables: { id, lists } })).deleteMeeting;
}

function commit(environment, config) {
  return new Promise((resolve, reject) => {
    const onCompleted = (data, errors) => (errors ? reject(new Error(errors[0].message)) : resolve(data));
    commitMutation(environment, { ...config, onCompleted, onError: reject });
  });
}
