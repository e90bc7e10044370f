// Keeps the end of a growing list in view, until the visitor scrolls up; the end of the list, once reached, is kept again.

import { useEffect, useEffectEvent, useRef, useState, type UIEvent } from 'react';

const NEAR_END_PX = 48;

export function useFollowScroll(initially: boolean, content: unknown, toEnd: () => void) {
  const [isFollowing, setIsFollowing] = useState(initially);
  const lastTop = useRef(0);

  const scrollToEnd = useEffectEvent(toEnd);
  useEffect(() => {
    if (isFollowing) scrollToEnd();
  }, [isFollowing, content]);

  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: UIEvent) => {
    const isUp = scrollTop < lastTop.current;
    lastTop.current = scrollTop;
    if (scrollHeight - clientHeight - scrollTop < NEAR_END_PX) setIsFollowing(true);
    else if (isUp) setIsFollowing(false);
  };
  return { isFollowing, follow: () => setIsFollowing(true), pause: () => setIsFollowing(false), onScroll };
}
