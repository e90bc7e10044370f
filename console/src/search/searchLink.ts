/** The address of the search for words in all transcripts, or in that of one meeting. */
export const searchLink = (words: string, meetingId?: string): string =>
  `/search?${new URLSearchParams({ q: words.trim(), ...(meetingId && { meeting: meetingId }) })}`;
