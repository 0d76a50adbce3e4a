use serde_json::Value;

use super::*;

/// One recorded element: the claim, the evidence and the expected result.
struct Case {
    name: String,
    spec_root: Digest,
    operators: u16,
    inputs_root: Digest,
    inputs: u8,
    stages: Vec<Stage>,
    operator: u32,
    element: u32,
    evidence: Vec<u8>,
    judgement: Option<Judgement>,
}

impl Case {
    fn new(claim: &Value, case: &Value) -> Self {
        let stages = claim["stages"].as_array().unwrap().iter();
        let expected = case["expected"].as_i64();
        Self {
            name: format!("{} {} {}", case["operator"], case["element"], case["position"]),
            spec_root: digest(&claim["spec_root"]),
            operators: number(&claim["operators"]) as u16,
            inputs_root: digest(&claim["inputs_root"]),
            inputs: number(&claim["inputs"]) as u8,
            stages: stages
                .map(|stage| Stage {
                    first: number(&stage[0]) as u16,
                    last: number(&stage[1]) as u16,
                    root: digest(&stage[2]),
                })
                .collect(),
            operator: number(&case["operator"]) as u32,
            element: number(&case["element"]) as u32,
            evidence: bytes(&case["evidence"]),
            judgement: expected.map(|expected| Judgement {
                expected: expected as i32,
                committed: case["committed"].as_i64().unwrap() as i32,
                stage: number(&case["stage"]) as usize,
            }),
        }
    }

    fn claim(&self) -> Claim<'_> {
        Claim {
            spec_root: self.spec_root,
            operators: self.operators,
            inputs_root: self.inputs_root,
            inputs: self.inputs,
            stages: &self.stages,
            operator: self.operator,
            element: self.element,
        }
    }

    fn judged(&self) -> Judgement {
        self.judgement.unwrap()
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn digest(hex: &Value) -> Digest {
    bytes(hex).try_into().unwrap()
}

fn recorded() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/recorded/evidence.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns the recorded elements, job by job.
fn jobs() -> Vec<Vec<Case>> {
    let cases = |job: &Value| {
        job["cases"].as_array().unwrap().iter().map(|case| Case::new(&job["claim"], case)).collect()
    };
    recorded()["jobs"].as_array().unwrap().iter().map(cases).collect()
}

fn cases() -> Vec<Case> {
    jobs().into_iter().flatten().collect()
}

/// Returns an element of an operator whose operands another stage committed.
fn across_stages() -> Case {
    cases().into_iter().find(|case| case.operator == 4).unwrap()
}

#[test]
fn every_recorded_element_is_judged_as_recorded() {
    let cases = cases();
    assert!(cases.iter().any(|case| case.judged().is_fraud()));
    assert!(cases.iter().any(|case| !case.judged().is_fraud()));
    for case in cases {
        assert_eq!(judge(&case.claim(), &case.evidence), Ok(case.judged()), "{}", case.name);
    }
}

#[test]
fn no_changed_byte_is_accepted() {
    for mut case in cases() {
        // 61 has no common factor with a hash's 32 bytes
        for at in (0..case.evidence.len()).step_by(61) {
            case.evidence[at] ^= 1 << (at % 8);
            assert!(judge(&case.claim(), &case.evidence).is_err(), "{} byte {at}", case.name);
            case.evidence[at] ^= 1 << (at % 8);
        }
    }
}

#[test]
fn the_length_is_exact() {
    for mut case in cases() {
        let whole = case.evidence.clone();
        for length in [0, 255, 256, whole.len() - 32, whole.len() - 1] {
            let outcome = judge(&case.claim(), &whole[..length]);
            assert_eq!(outcome, Err(RefereeError::WrongLength), "{} {length}", case.name);
        }
        case.evidence.push(0);
        assert_eq!(judge(&case.claim(), &case.evidence), Err(RefereeError::WrongLength));
    }
}

#[test]
fn evidence_of_another_element_never_gives_a_false_judgement() {
    for job in jobs() {
        for claimed in &job {
            for staged in &job {
                let outcome = judge(&claimed.claim(), &staged.evidence);
                // adjacent elements of a leaf may need the very same bytes
                let truth = outcome == Ok(claimed.judged());
                assert!(outcome.is_err() || truth, "{} {}", claimed.name, staged.name);
                assert!(outcome.is_err() || claimed.operator == staged.operator);
            }
        }
    }
}

#[test]
fn each_root_binds_what_is_under_it() {
    let case = across_stages();
    let claim = case.claim();
    let mut other_operator = case.stages.clone();
    other_operator[1].root[0] ^= 1;
    let mut own = case.stages.clone();
    own[2].root[0] ^= 1;
    let refusals = [
        (Claim { spec_root: [1; 32], ..claim }, RefereeError::WrongDescriptor),
        (Claim { stages: &own, ..claim }, RefereeError::WrongOutput),
        (Claim { stages: &other_operator, ..claim }, RefereeError::WrongOperand(0)),
    ];
    for (claim, error) in refusals {
        assert_eq!(judge(&claim, &case.evidence), Err(error));
    }

    let mut first = cases().remove(0);
    first.inputs_root[0] ^= 1;
    assert_eq!(judge(&first.claim(), &first.evidence), Err(RefereeError::WrongOperand(0)));
}

#[test]
fn a_changed_constant_is_the_operand_at_fault() {
    let mut case = cases().into_iter().find(|case| case.operator == 4).unwrap();
    // a lookup's table is one leaf at the end
    *case.evidence.last_mut().unwrap() ^= 1;
    assert_eq!(judge(&case.claim(), &case.evidence), Err(RefereeError::WrongOperand(1)));
}

#[test]
fn the_operator_and_its_operands_must_be_committed() {
    let case = across_stages();
    let claim = case.claim();
    for stages in [&case.stages[..2], &case.stages[2..], &[]] {
        let claim = Claim { stages, ..claim };
        assert_eq!(judge(&claim, &case.evidence), Err(RefereeError::NotCommitted));
    }
}

#[test]
fn operators_and_elements_end_where_the_graph_ends() {
    let case = across_stages();
    let claim = Claim { operator: case.operators.into(), ..case.claim() };
    assert_eq!(judge(&claim, &case.evidence), Err(RefereeError::UnknownOperator));

    // 42 int8 rows at a stride of 8 fill two leaves
    for element in [512, u32::MAX] {
        let claim = Claim { element, ..case.claim() };
        assert_eq!(judge(&claim, &case.evidence), Err(RefereeError::ElementOutOfRange));
    }
}

#[test]
fn a_table_out_of_range_proves_nothing() {
    let recorded = recorded();
    let tables = recorded["unprovable"].as_array().unwrap();
    assert!(!tables.is_empty());
    for table in tables {
        let case = Case::new(&table["claim"], table);
        assert_eq!(judge(&case.claim(), &case.evidence), Err(RefereeError::Unprovable));
    }
}
