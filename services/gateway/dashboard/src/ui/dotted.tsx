import { Fragment } from 'react'

/** Facts in one line with dots between them, each in the direction of its own text. */
export const Dotted = ({ facts }: { facts: readonly string[] }) =>
  facts.map((fact, i) => (
    <Fragment key={fact}>
      {i > 0 && ' · '}
      <bdi>{fact}</bdi>
    </Fragment>
  ))
