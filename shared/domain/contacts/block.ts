/** Whether the tenant has blocked a contact, even if Meta has not done so yet or refused it. */
export const isBlocked = ({ block }: { block?: { state: string } | null }): boolean => block != null && block.state !== 'LIFTING'
