import { useRef, useState } from 'react';

interface Import {
  number: number;
  file: File;
}

/** The files that were given to be imported, the newest first. */
export function useImports() {
  const [imports, setImports] = useState<readonly Import[]>([]);
  const count = useRef(0);
  const add = (files: FileList) => {
    const added = [...files].map((file) => ({ number: (count.current += 1), file }));
    setImports((before) => [...added, ...before]);
  };
  return { imports, add };
}
