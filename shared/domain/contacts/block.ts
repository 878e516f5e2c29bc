/** Whether somebody here has blocked a person, whatever Meta says to it. */
export const isBlocked = ({ block }: { block?: { state: string } | null }): boolean => block != null && block.state !== 'LIFTING'
