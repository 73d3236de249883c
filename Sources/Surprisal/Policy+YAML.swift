import Detection
import Foundation

extension Policy {
  /// Where a policy's schema lies among what is installed.
  public static let schema = "schemas/surprisal-policy.schema.json"

  /// The policy of a first scan as a file with comments.
  ///
  /// - Parameters:
  ///   - draft: what the scan found.
  ///   - schema: where editors find the schema.
  /// - Returns: YAML that `Policy(path:)` reads back as this.
  public func yaml(of draft: GateDraft.Outcome, schema: String) -> String {
    let images = draft.images
    let set = draft.summary.set?.pValue
    let accepted = draft.baseline.entries.count
    let likely = GateDraft.allowance(of: draft.summary.scored, rate: rule.rate)
    let share = String(format: "%g", ceil(Double(likely) * 1000 / Double(max(images, 1))) / 10)
    var lines = [
      "# yaml-language-server: $schema=\(schema)",
      "# What `surprisal gate PATHS` decides by. Options given on the command line win.",
      "",
      "# Who belongs: a model file, from this folder, or the name of a model.",
      "model: \(Self.text(model ?? Model.general))",
    ]
    if let evaluations { lines.append("evaluations: \(evaluations)") }
    if let statistic { lines.append("statistic: \(statistic.rawValue)") }
    switch rule {
    case .falsePositiveRate(let rate):
      lines += [
        "",
        "# The share of ordinary images that is flagged by chance: about \(Self.number(rate * 100)) of 100.",
        "fpr: \(Self.number(rate))",
      ]
    case .falseDiscoveryRate(let rate):
      lines += [
        "",
        "# Of the flagged images, the share that belongs after all.",
        "fdr: \(Self.number(rate))",
      ]
    }
    lines += [
      "",
      "# Outliers that may pass beside those of the baseline, N or P%. The first scan, of \(images) images, found \(accepted).",
      "max_outliers: \(maxOutliers?.description ?? "0")",
      "# Where the gate judges batches of other images: 99 of 100 batches of \(images) ordinary ones pass with",
      "# max_outliers: \(share)%",
      "",
      draft.summary.unreadable > 0
        ? "# Unreadable files that may pass, N or P%: as many as the first scan found. Better none."
        : "# Unreadable files that may pass, N or P%. With more the gate cannot decide.",
      "max_unreadable: \(maxUnreadable)",
      "",
      "# Outliers accepted already, by content, as `surprisal gate PATHS --write-baseline FILE` writes them.",
      baseline.map { "baseline: \(Self.text($0))" } ?? "# baseline: surprisal-baseline.txt",
      "",
      "# Fails a set that as a whole has drifted: one less likely than this to be drawn from the population."
        + (set.map { String(format: " The first scan: %.2g.", $0) } ?? ""),
      minSetPValue.map { "min_set_p_value: \(Self.number($0))" }
        ?? "# min_set_p_value: \(Self.number(min(0.001, (set ?? 1) / 10)))",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func number(_ value: Double) -> String { String(format: "%g", value) }

  /// A YAML string: plain where nothing in it could be read otherwise, else in double quotes, whose escapes are JSON's.
  private static func text(_ value: String) -> String {
    if value.wholeMatch(of: /[A-Za-z.\/_][A-Za-z0-9.\/_\-]*/) != nil,
      !["true", "false", "yes", "no", "null", "on", "off", "y", "n"].contains(value.lowercased()),
      value.contains(where: \.isLetter)
    {
      return value
    }
    // A string is JSON.
    return String(decoding: try! JSONEncoder().encode(value), as: UTF8.self)
      .replacing("\\/", with: "/")
  }
}
