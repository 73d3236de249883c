import Detection
import Testing

@testable import Surprisal

struct PolicyTests {
  @Test("A policy says what it says")
  func whole() throws {
    let policy = try Policy(
      yaml: """
        # Comments are allowed.
        model: mine.safetensors
        evaluations: auto
        statistic: local
        fdr: 0.02
        max_outliers: 3%
        max_unreadable: 2
        min_set_p_value: 0
        baseline: accepted.txt
        """, path: "p.yml")
    #expect(policy.model == "mine.safetensors" && policy.baseline == "accepted.txt")
    #expect(policy.evaluations == .auto && policy.statistic == .local)
    #expect(policy.rule == .falseDiscoveryRate(0.02) && policy.minSetPValue == 0)
    #expect(policy.maxOutliers?.holds(3, of: 100) == true && policy.maxOutliers?.holds(4, of: 100) == false)
    #expect(policy.maxUnreadable.holds(2, of: 9) && !policy.maxUnreadable.holds(3, of: 9))
  }

  @Test("An empty policy has the defaults", arguments: ["", "# nothing\n", "evaluations: 8"])
  func defaults(text: String) throws {
    let policy = try Policy(yaml: text, path: "p.yml")
    #expect(policy.rule == .standard && policy.maxOutliers == nil)
    #expect(policy.maxUnreadable.holds(0, of: 9) && !policy.maxUnreadable.holds(1, of: 9))
  }

  @Test(
    "A wrong entry is refused with its line and what is known",
    arguments: [
      ("fprr: 1", "unknown key fprr"), ("fpr: 2", "fpr must lie between 0 and 1"), ("fpr: lots", "fpr"),
      ("max_outliers: many", "max_outliers"), ("statistic: x", "no statistic named x"),
      ("evaluations: -1", "evaluations"), ("min_set_p_value: 7", "min_set_p_value"), ("fpr: [1]", "fpr"),
      ("fdr: 0.1\nfpr: 0.1", "exclude each other"),
    ])
  func wrong(entry: String, reason: String) {
    let error = #expect(throws: SurprisalError.self) {
      try Policy(yaml: "\nmodel: m\n\(entry)\n", path: "p.yml")
    }
    #expect(error?.description.hasPrefix("p.yml:3: ") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test("What is no list of keys is refused", arguments: ["- 1", "word", "a: [", "\t"])
  func noMapping(text: String) {
    let error = #expect(throws: SurprisalError.self) { try Policy(yaml: text, path: "p.yml") }
    #expect(error?.description.hasPrefix("p.yml") == true)
  }

  @Test("A count or a share of images")
  func allowance() throws {
    #expect(try Allowance("2", of: "x").holds(2, of: 2))
    #expect(try !Allowance("50%", of: "x").holds(2, of: 3))
    for wrong in ["", "-1", "101%", "x%", "1.5"] {
      #expect(throws: SurprisalError.self, "\(wrong)") { try Allowance(wrong, of: "x") }
    }
  }
}
