// What the form of a request asks for, and in which order; the fields are the protocol's own
// (protocol/request.c), by name. A field of `when` is asked for, and sent, only where that holds.
const wants = (...kinds) => (draft) => kinds.some((k) => draft.assistance_kind?.includes(k));

export const STEPS = [
  { name: "need", parts: [{ fields: ["language", "title", "description", "urgency", "emergency_facts"] }] },
  { name: "help", parts: [
    { fields: ["assistance_kind", "items", "needed_by", "date_firm", "expected_result", "budget_wanted", "arrears_statement"] },
  ] },
  { name: "place", parts: [
    { fields: ["main_topic", "secondary_topics", "sites", "species", "scale", "other_countries", "beyond_jurisdiction"] },
    { name: "law", fields: ["named_instrument", "preferred_secretariat", "context_links"] },
  ] },
  { name: "before", parts: [
    { fields: ["already_done", "support_existing", "also_asked", "previous_refs", "in_kind", "stakeholders"] },
  ] },
  { name: "files", parts: [{ fields: ["attachments"] }] },
  { name: "people", parts: [
    { name: "signer", fields: ["convention_of_signatory", "signer_name", "signer_title", "signer_office", "endorsement", "other_host_endorsements"] },
    { name: "contact", fields: ["contact_name", "contact_email", "contact_phone", "contact_language"] },
    { name: "deputy", fields: ["deputy_contact"] },
    { name: "readers", fields: ["disclosure", "publish_ok"] },
  ] },
  { name: "check", parts: [] },
];

export const fieldsOf = (step) => step.parts.flatMap((part) => part.fields);

export const when = {
  emergency_facts: (draft) => draft.urgency === "emergency",
  budget_wanted: wants("FUNDING", "EQUIPMENT"),
  arrears_statement: wants("FUNDING"),
  date_firm: (draft) => !!draft.needed_by,
  other_host_endorsements: (draft) => draft.other_countries?.length > 0,
};

/** Known to the page by itself, or asked for at another place: the account, and the pair beside the form. */
export const UNASKED = ["country", "join", "themes"];
