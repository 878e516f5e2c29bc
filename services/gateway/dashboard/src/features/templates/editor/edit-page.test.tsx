import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { expect, test } from 'vitest'
import type { Role } from '../../../lib/api/types.ts'
import { type Answers, openWithAnswers } from '../../../test/open-with-answers.ts'
import type { Template } from '../data.ts'
import { editTemplateRoute } from '../route.ts'

const ID = '1'.repeat(24)
const REFUSED: Template = {
  ...{ id: ID, name: 'summer_sale', language: 'fr', category: 'UTILITY', status: 'REJECTED' },
  ...{ reason: 'PROMOTIONAL: It advertises. Say less.', submission: 'SUBMITTED', submissionDetail: null },
  components: [{ type: 'BODY', text: 'Bonjour {{1}}, soldes.', example: { body_text: [['Leila']] } }],
  variables: [{ name: 'first_name', position: 1, component: 'BODY', example: 'Leila' }],
  ...{
    parameterFormat: 'POSITIONAL',
    nextEditAt: null,
    quality: 'UNKNOWN',
    categoryChange: null,
    usageCount: 0,
    lastUsedAt: null,
  },
}

const open = (template: Partial<Template> = {}, answers: Answers = {}, role: Role = 'manager') =>
  openWithAnswers({
    ...{ page: editTemplateRoute, address: `/templates/${ID}/edit`, role },
    answers: { [`GET /templates/${ID}`]: [200, { ...REFUSED, ...template }], ...answers },
  })
const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
const submit = () => fireEvent.click(screen.getByRole('button', { name: 'Submit again' }))

test("Meta's reason and advice stand beside the form, and what was changed is submitted again", async () => {
  const { calls, router } = await open({}, { [`PATCH /templates/${ID}`]: [200, { ...REFUSED, status: 'PENDING' }] })
  const said = await screen.findByRole('region', { name: 'What Meta says' })
  within(said).getByText('PROMOTIONAL: It advertises. Say less.')
  within(said).getByText(/Submit it as marketing/)
  screen.getByText('summer_sale', { selector: 'dd *' })
  expect(screen.queryByRole('button', { name: 'Submit again' })).toBeNull()
  type('Text', 'Bonjour {{1}}, parti.')
  within(screen.getByRole('complementary', { name: 'Preview' })).getByText('Bonjour Leila, parti.')
  submit()
  await waitFor(() => expect(router.state.location.search).toEqual({ open: ID }))
  expect(calls).toEqual([
    [
      'PATCH',
      `/templates/${ID}`,
      {
        components: [{ type: 'BODY', text: 'Bonjour {{1}}, parti.' }],
        variables: [{ position: 1, component: 'BODY', name: 'first_name', example: 'Leila' }],
      },
    ],
  ])
})

test('the category alone is sent alone; one of an approved template stays', async () => {
  const { calls } = await open({}, { [`PATCH /templates/${ID}`]: [200, REFUSED] })
  fireEvent.click(await screen.findByLabelText(/Marketing/))
  submit()
  await waitFor(() => expect(calls).toEqual([['PATCH', `/templates/${ID}`, { category: 'MARKETING' }]]))
})

test('an approved template keeps its category, and says how often it may be changed', async () => {
  await open({ status: 'APPROVED', reason: null })
  await screen.findByText(/does not change the category/)
  expect(screen.queryByRole('radio')).toBeNull()
  type('Text', 'Bonjour {{1}}, parti.')
  screen.getByText(/one edit in 24 hours and ten in 30 days/)
})

test('what Meta refuses again stands at its field', async () => {
  const detail = 'This template has too many variables.'
  const refused = { errorCode: 'TEMPLATE_REFUSED', detail, meta: { subcode: 2388293 } }
  await open({}, { [`PATCH /templates/${ID}`]: [422, refused] })
  await screen.findByLabelText('Text')
  type('Text', 'Bonjour {{1}}, parti.')
  submit()
  await screen.findByText(detail)
  expect(screen.getByLabelText('Text').getAttribute('aria-invalid')).toBe('true')
})

test('a file is chosen again once the content changes; names of variables do not become numbers', async () => {
  const { calls } = await open({
    parameterFormat: 'NAMED',
    components: [
      { type: 'HEADER', format: 'IMAGE', example: { header_handle: ['https://scontent.example/a'] } },
      { type: 'BODY', text: 'Bonjour {{who}}, parti.' },
    ],
    variables: [{ name: 'who', position: 1, component: 'BODY', example: 'Leila' }],
  })
  await screen.findByLabelText('Text')
  type('Text', 'Bonjour {{1}}, arrivé.')
  screen.getByText('The variables of this template have names; that cannot be changed.')
  type('Text', 'Bonjour {{who}}, arrivé.')
  submit()
  await screen.findByText(/Choose the file again/)
  expect(calls).toEqual([])
})

test('what WhatsApp does not have is submitted as it is', async () => {
  const { calls } = await open({ submission: 'UNSUBMITTED', status: 'PENDING' }, { [`PATCH /templates/${ID}`]: [200, REFUSED] })
  await screen.findByLabelText('Text')
  submit()
  await waitFor(() => expect(calls).toEqual([['PATCH', `/templates/${ID}`, { submit: true }]]))
})

test.for<[what: string, template: Partial<Template>, says: RegExp]>([
  ['is in review', { status: 'PENDING', reason: null }, /Meta is reviewing this template/],
  ['is disabled', { status: 'DISABLED' }, /cannot be changed any more/],
  ['is not confirmed', { submission: 'UNKNOWN' }, /has not confirmed this template/],
  ['was changed today', { status: 'APPROVED', nextEditAt: '2999-01-01T10:00:00.000Z' }, /takes another edit from/],
  [
    'has a carousel',
    {
      components: [
        { type: 'BODY', text: 'a' },
        { type: 'CAROUSEL', cards: [] },
      ],
    },
    /cannot be edited here/,
  ],
])('a template that %s has no form, and says why', async ([_what, template, says]) => {
  await open(template)
  await screen.findByText(says)
  expect(screen.queryByLabelText('Text')).toBeNull()
})

test('leaving with changes asks first', async () => {
  await open()
  await screen.findByLabelText('Text')
  type('Text', 'Autre {{1}} texte.')
  fireEvent.click(screen.getByRole('link', { name: 'All templates' }))
  await screen.findByRole('dialog', { name: 'Leave without saving?' })
})

test('an agent has no right to edit templates, and one that is not there is not here', async () => {
  await open({}, {}, 'agent')
  await screen.findByText('Your role does not include this')
})

test('a template of somebody else is not here', async () => {
  await open({}, { [`GET /templates/${ID}`]: [404, { errorCode: 'NOT_FOUND', detail: 'no' }] })
  await screen.findByRole('heading', { name: 'This is not here' })
})
