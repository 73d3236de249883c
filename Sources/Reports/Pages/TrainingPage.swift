import Foundation

/// A training as a page: the curve of held-out bits, samples, held-out images at both ends, and whether p-values are
/// uniform.
public struct TrainingPage: Sendable {
  /// A picture with what there is to say of it.
  public struct Shown: Sendable {
    public let picture: Record.Picture
    public let alt: String
    public let figures: String?
    public let reason: String?

    public init(_ picture: Record.Picture, alt: String, figures: String? = nil, reason: String? = nil) {
      self.picture = picture
      self.alt = alt
      self.figures = figures
      self.reason = reason
    }

    var content: [String: Any] {
      var content = picture.content(alt: alt)
      content["figures"] = figures
      content["reason"] = reason?.printable
      return content
    }
  }

  /// P-values, ascending, by so many references.
  public struct Uniformity: Sendable {
    public let caption: String
    public let pValues: [Double]
    public let references: Int
    /// That they are uniform.
    public let test: Double

    public init(caption: String, pValues: [Double], references: Int, test: Double) {
      self.caption = caption
      self.pValues = pValues
      self.references = references
      self.test = test
    }
  }

  public var title: String
  public var verdict = ""
  public var notes: [String] = []
  /// Steps, mean bits/dim and the standard error over images.
  public var points: [(step: Int, bits: Double, error: Double)] = []
  /// Bits/dim of the network that was started from.
  public var goal: Double?
  /// The step whose weights were kept.
  public var chosen = 0
  public var samples: [Shown] = []
  public var ordinary: [Shown] = []
  public var oddest: [Shown] = []
  public var uniformity: [Uniformity] = []
  public var facts: ReportFacts

  public init(title: String, facts: ReportFacts) {
    self.title = title
    self.facts = facts
  }

  public var html: String {
    Page.render(
      "training", title: "Surprisal: \(title.printable)", styles: PackageResources.training_css,
      [
        "verdict": verdict, "name": title.printable, "notes": notes,
        "curve": points.isEmpty
          ? [] : [TrainingCurve(points: points, goal: goal, chosen: chosen).content],
        "hasSamples": !samples.isEmpty, "samples": samples.map(\.content),
        "ends": [
          ["id": "oddest", "heading": "The oddest held-out images", "images": oddest.map(\.content)],
          [
            "id": "ordinary", "heading": "The most ordinary held-out images",
            "images": ordinary.map(\.content),
          ],
        ],
        "hasUniformity": !uniformity.isEmpty,
        "uniformity": uniformity.map { UniformityPlot($0).content },
        "facts": facts.facts.map { ["name": $0.name, "value": $0.value.printable] },
        "hasSteps": !facts.steps.isEmpty,
        "steps": facts.steps.map { ["command": $0.command.printable, "purpose": $0.purpose] },
      ])
  }
}
