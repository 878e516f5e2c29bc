import { useMutation } from '@tanstack/react-query'

/** Work that changes nothing that is cached: a file is read, or saved. */
export const useQuick = <Input, Output>(work: (input: Input) => Promise<Output>) => useMutation({ mutationFn: work })
