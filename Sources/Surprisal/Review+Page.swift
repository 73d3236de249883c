import Foundation
import Images
import Reports

extension Training.Review {
  /// The review as a page of HTML, one file with all it needs.
  ///
  /// - Parameters:
  ///   - model: its name, as people know it.
  ///   - facts: of the run, beside what is known here; and what may be done next.
  /// - Throws: `ImageError` with libpng's reason.
  public func page(of model: String, _ facts: ReportFacts) throws(ImageError) -> String {
    var page = TrainingPage(title: model, facts: facts)
    page.verdict = verdict
    page.notes = notes
    page.facts.facts = own + facts.facts
    page.goal = start?.bitsPerDim
    page.points = points.map { ($0.step, $0.bitsPerDim, $0.standardError) }
    page.chosen = chosen
    for index in samples.indices {
      page.samples.append(TrainingPage.Shown(try samples[index].picture(), alt: "sample \(index)"))
    }
    page.ordinary = try Self.shown(ordinary, saysWhy: false)
    page.oddest = try Self.shown(oddest, saysWhy: true)
    page.uniformity = uniformity.map { one in
      TrainingPage.Uniformity(
        caption: one.caption, pValues: one.pValues, references: one.references, test: one.test)
    }
    return page.html
  }

  private static func shown(
    _ examples: [Example], saysWhy: Bool
  ) throws(ImageError) -> [TrainingPage.Shown] {
    var shown: [TrainingPage.Shown] = []
    for example in examples {
      let figures = String(format: "%.3f bits/dim, p %.2g", example.bitsPerDim, example.pValue)
      shown.append(
        TrainingPage.Shown(
          try example.image.picture(), alt: "held-out image, \(figures)", figures: figures,
          reason: saysWhy ? example.reason : nil))
    }
    return shown
  }

  private var verdict: String {
    String(format: "%.3f bits/dim on held-out images", bitsPerDim)
      + (gain.map { String(format: ", from %.3f", $0.before) } ?? "")
  }

  private var notes: [String] {
    var notes: [String] = []
    if let gain {
      notes.append(
        String(
          format: "Training brought %.3f +- %.3f bits/dim beyond the network that it started from.",
          gain.before - gain.after, gain.standardError))
    }
    if steps.taken < steps.planned {
      notes.append(
        "It stopped early, at step \(steps.taken) of \(steps.planned): held-out images gained nothing more.")
    }
    if chosen < steps.taken {
      notes.append("The model has the weights of step \(chosen), where held-out images cost the least.")
    }
    return notes
  }

  private var own: [ReportFacts.Fact] {
    [
      .init("held-out images", "\(heldOut), of which \(imagesScored) were scored along the way"),
      .init("steps", "\(steps.taken) of \(steps.planned)"),
      .init("trained for", String(format: "%.0f s, validations among it", seconds)),
      .init("statistic", statistic.rawValue),
    ]
  }
}

extension Training.Review.Uniformity {
  fileprivate var caption: String {
    let count = pValues.count
    return switch question {
    case .method:
      "Does the method hold? P-values of every other held-out image (\(count)) by those between (\(references)): along the diagonal, within the band."
    case .order:
      "Is the set of one piece? P-values of the second half of the held-out images in their order (\(count)) by the first (\(references)). Off the band, images change along the folders, and p-values are true of their mix alone."
    case .trained:
      "Does it know images by heart? P-values of \(count) images trained on by those held out (\(references)). Below the band, it finds them more ordinary than new ones: fewer steps, or more images."
    }
  }
}
