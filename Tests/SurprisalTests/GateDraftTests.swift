import Detection
import Files
import Foundation
import Images
import Testing

@testable import Surprisal

struct GateDraftTests {
  /// What a draft writes, read back.
  private static func reread(_ outcome: GateDraft.Outcome, _ policy: Policy, in folder: String) throws
    -> Policy
  {
    let path = "\(folder)/policy.yml"
    try Data(policy.yaml(of: outcome, schema: "s.json").utf8).write(to: URL(fileURLWithPath: path))
    return try Policy(path: path)
  }

  @Test("Without a model one is fitted to what is not flagged, and the gate passes what it was made from")
  func fitted() throws {
    try FolderScanTests.folder(discs: 60, odd: 3) { folder in
      let draft = GateDraft()
      let outcome = try draft.run(
        [FilePath(folder)], under: nil, fitting: { try Discs.model() }, compute: Discs.compute)
      let (model, images) = try #require(outcome.fitted)
      #expect(images <= 60 && images > 50)
      // 60 references support 1 in 50, not 1 in 100.
      #expect(outcome.policy.rule == .falsePositiveRate(0.02))
      let accepted = Set(outcome.baseline.entries.map { ("\($0.path)" as NSString).lastPathComponent })
      #expect(accepted.isSuperset(of: ["odd-0.png", "odd-1.png", "odd-2.png"]))
      #expect(outcome.policy.maxUnreadable == Allowance(count: 1))
      let gate = try Gate(outcome.policy, baseline: outcome.baseline)
      let decision = try gate.run([folder], under: model, compute: Discs.compute) { _ in }.decision
      guard case .passed = decision else {
        Issue.record("\(decision)")
        return
      }
      // What comes later does not.
      var more = Discs.checks
      for index in 0..<80 { more.pixels[index] = UInt8(index) }
      try Discs.write(more, to: "\(folder)/later.png")
      var strict = gate
      strict.policy.maxOutliers = Allowance(count: 0)
      let later = try strict.run([folder], under: model, compute: Discs.compute) { _ in }.decision
      #expect(later == .failed(.newOutliers(1, of: 65, allowed: Allowance(count: 0))))
    }
  }

  @Test("With a model it is the model's, and what is asked for stays; the file reads back as what it says")
  func given() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      var draft = GateDraft()
      draft.policy.statistic = .profile
      draft.policy.maxOutliers = Allowance(share: 0.05)
      draft.rule = .falseDiscoveryRate(0.1)
      let outcome = try draft.run(
        [FilePath(mixed)], under: Discs.model(), fitting: { throw CancellationError() },
        compute: Discs.compute)
      #expect(outcome.fitted == nil && outcome.images == 11)
      var policy = outcome.policy
      policy.model = "yes: \"it's\" #1.safetensors"
      policy.baseline = "b.txt"
      policy.minSetPValue = 0.001
      let read = try Self.reread(outcome, policy, in: folder)
      #expect(read.model == "\(folder)/yes: \"it's\" #1.safetensors" && read.baseline == "\(folder)/b.txt")
      #expect(read.statistic == .profile && read.rule == .falseDiscoveryRate(0.1))
      #expect(read.maxOutliers == Allowance(share: 0.05) && read.maxUnreadable == Allowance(count: 1))
      #expect(read.minSetPValue == 0.001)
    }
  }

  @Test("Too few images to judge one another are refused, and so is nothing at all")
  func tooFew() throws {
    try Discs.withFolder { folder in
      let mixed = try Discs.mixed(in: folder)
      #expect(throws: CalibrationError.tooFewToJudge(found: 10, needed: FolderScan.fewest)) {
        try GateDraft().run(
          [FilePath(mixed)], under: nil, fitting: { try Discs.model() }, compute: Discs.compute)
      }
      #expect(throws: SurprisalError.self) {
        try GateDraft().run(
          [], under: Discs.model(), fitting: { try Discs.model() }, compute: Discs.compute)
      }
    }
  }

  @Test("The allowance is the binomial distribution's 99 % quantile")
  func allowance() {
    // By hand: (1 - p)^n, and for two images 1 - p^2.
    #expect(GateDraft.allowance(of: 1, rate: 0.01) == 0)
    #expect(GateDraft.allowance(of: 1, rate: 0.02) == 1)
    #expect(GateDraft.allowance(of: 2, rate: 0.09) == 1)
    #expect(GateDraft.allowance(of: 2, rate: 0.11) == 2)
    // scipy.stats.binom.ppf(0.99, n, p).
    #expect(GateDraft.allowance(of: 100, rate: 0.01) == 4)
    #expect(GateDraft.allowance(of: 1000, rate: 0.01) == 18)
    #expect(GateDraft.allowance(of: 38, rate: 0.05) == 6)
  }
}
