import Foundation
import Testing

extension CommandTests {
  struct EvaluateTests {
    private func evaluate(_ arguments: String..., input: Data = Data()) throws -> Command.Outcome {
      try Command.run(
        ["evaluate", "--model", "fashion-mnist", "--evaluations", "4", "--threads", "1"] + arguments,
        input: input)
    }

    @Test(
      "JSON Lines: a line a set and statistic, areas and shares between 0 and 1, intervals around their areas"
    )
    func jsonl() throws {
      let outcome = try evaluate(
        "--inliers", "fixtures/clothes", "--outliers", "fixtures/other", "fixtures/clothes", "--format",
        "jsonl"
      )
      let lines = try outcome.objects
      let statistics = Set(lines.compactMap { $0["statistic"] as? String })
      #expect(outcome.code == 0 && lines.count == 2 * statistics.count, "\(outcome)")
      for line in lines {
        #expect(
          Set(line.keys) == [
            "set", "statistic", "auroc", "auroc_interval", "aupr", "fpr_at_95_tpr", "inliers", "outliers",
          ])
        let auroc = try #require(line["auroc"] as? Double)
        let interval = try #require(line["auroc_interval"] as? [Double])
        try #require(interval.count == 2)
        #expect(
          0 <= interval[0] && interval[0] <= auroc && auroc <= interval[1] && interval[1] <= 1, "\(line)")
        for name in ["aupr", "fpr_at_95_tpr"] {
          let share = try #require(line[name] as? Double)
          #expect((0...1).contains(share), "\(line)")
        }
        #expect(line["inliers"] as? Int == 28)
        if line["set"] as? String == "fixtures/clothes" {
          // A set against itself: every pair above has its mirror below, and ties count half.
          #expect(auroc == 0.5 && line["outliers"] as? Int == 28, "\(line)")
        } else {
          #expect(line["set"] as? String == "fixtures/other" && line["outliers"] as? Int == 10, "\(line)")
        }
      }
      // The table says the same.
      let text = try evaluate("--inliers", "fixtures/clothes", "--outliers", "fixtures/other")
      for line in lines where line["set"] as? String == "fixtures/other" {
        let words = [
          line["statistic"] as? String ?? "", String(format: "%.4f", line["auroc"] as? Double ?? -1),
        ]
        #expect(
          text.output.split(separator: "\n").contains {
            $0.split(separator: " ").prefix(2).map(String.init) == words
          }, "\(words) in \(text.output)")
      }
    }

    @Test("Outliers come from standard input, and unreadable ones are left out with a warning")
    func standardInput() throws {
      let outcome = try evaluate(
        "--inliers", "fixtures/clothes/00.png", "fixtures/clothes/01.png", "--outliers", "-", "--format",
        "jsonl",
        input: Data("fixtures/other/noise.png\nfixtures/broken/cut.png\nfixtures/other/rings.jpg\n".utf8))
      #expect(outcome.code == 0 && outcome.errors.contains("warning"), "\(outcome)")
      let line = try #require(try outcome.objects.first)
      #expect(line["inliers"] as? Int == 2 && line["outliers"] as? Int == 2, "\(line)")
    }
  }
}
