/** What decides whether the file of an audience is still needed. */
export interface FileOwner {
  deletedAt?: Date | null
  endedAt?: Date | null
  audience: { generation: number }
}

/**
 * Whether the file of a generation of a campaign's audience is needed: the present one, until the campaign has ended. One of a
 * later generation is `uploading`, or was left by a process that died during the upload.
 * @param campaign null when it does not exist
 */
export function audienceFileState(generation: number, campaign: FileOwner | null): 'needed' | 'uploading' | 'left' {
  if (campaign === null || campaign.deletedAt || campaign.endedAt) return 'left'
  if (generation > campaign.audience.generation) return 'uploading'
  return generation === campaign.audience.generation ? 'needed' : 'left'
}
