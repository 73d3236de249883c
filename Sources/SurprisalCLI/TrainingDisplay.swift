import Foundation
import Surprisal

/// A training as people see it: a line that lives, and what is worth keeping above it.
struct TrainingDisplay {
  let shown: OutputOptions
  /// Where a training that is stopped can be gone on with; nil where nothing is kept.
  let checkpoint: String?
  private var goal: Double?
  private var latest: Double?
  private var lowest: Double?

  init(shown: OutputOptions, checkpoint: String?) {
    self.shown = shown
    self.checkpoint = checkpoint
  }

  mutating func tell(_ event: Training.Event) {
    switch event {
    case .unreadable(let path, let error): shown.warn("\(path): unreadable, left out: \(error)")
    case .copies(let exact, let near, let leftOut):
      shown.note(
        "\(exact) exact and \(near) near copies of other images; \(leftOut) left out, as theirs are held out")
    case .tookGray: shown.note("all images are gray, and are taken so (--channels says otherwise)")
    case .loaded(let training, let validation, let parameters):
      shown.note("\(training) images to train on, \(validation) held out; \(parameters) parameters")
    case .planned(let steps, let pace):
      shown.note(String(format: "%d steps at %.3f s each (--steps %d repeats this run)", steps, pace, steps))
    case .resumed(let step, let all, let spent):
      shown.note(String(format: "going on from step %d of %d, after %.0f s", step, all, spent))
    case .goal(let bits, let isOfStart, let images):
      goal = bits
      shown.note(
        String(
          format: "goal: below %.3f bits/dim on %d held-out images, %@", bits, images,
          (isOfStart ? "as the network is before training" : "what knowing nothing costs") as NSString))
    case .progress(let step, let all, let loss, let left): shown.progress(line(step, all, loss, left))
    case .validated(let step, let bits, let error):
      let isLowest = bits < lowest ?? .infinity
      latest = bits
      lowest = min(bits, lowest ?? .infinity)
      shown.progressDone()
      shown.note(
        String(format: "step %d: validation %.3f +- %.3f bits/dim", step, bits, error)
          + (isLowest ? "" : String(format: " (lowest %.3f)", lowest ?? bits)))
    case .stoppedEarly(let step, let all, let mark, let patience):
      shown.progressDone()
      shown.note(
        "stopped early at step \(step) of \(all): \(patience) validations in a row were no better than that at "
          + "step \(mark) (--no-early-stop takes every step)")
    case .choseEarlier(let step, let last, let difference, let error):
      shown.progressDone()
      shown.note(
        String(
          format:
            "the model has the weights of step %d: held-out images cost %.3f +- %.3f bits/dim more at step %d",
          step, difference, error, last))
    case .gained(let before, let after, let error, let pValue):
      shown.progressDone()
      shown.note(
        String(
          format:
            "training brought %.3f +- %.3f bits/dim on held-out images: %.3f as the network was fitted, %.3f trained (p-value %.2g that it brought nothing)",
          before - after, error, before, after, pValue))
    case .triedLook(let trained, let begun, let isKept):
      shown.progressDone()
      shown.note(
        String(
          format:
            "one look: held-out images that are altered are told by an AUROC of %.3f by the trained network, %.3f by the one that it began from: %@",
          trained, begun, (isKept ? "that is kept beside and looks" : "not kept") as NSString))
    case .learningEyes(let step, let all, let loss, _, let left):
      shown.progress(
        String(
          format: "eyes: step %d/%d  loss %.3f  %@ left", step, all, loss, Pace.duration(left) as NSString))
    case .triedEyes(let with, let without, let isKept):
      shown.progressDone()
      shown.note(
        String(
          format:
            "eyes: held-out images altered in ways unknown to them are told by an AUROC of %.3f with them, %.3f without: %@",
          with, without, (isKept ? "kept" : "not kept") as NSString))
    case .chose(let choice):
      shown.progressDone()
      shown.note("\(choice)")
    case .learningDamage(let step, let all, let loss, let left):
      shown.progress(
        String(
          format: "damage: step %d/%d  loss %.4f  %@ left", step, all, loss,
          Pace.duration(left) as NSString))
      guard step == all else { break }
      shown.progressDone()
      shown.note(String(format: "damage: learned to mark it in %d steps, loss %.4f", all, loss))
    case .triedDamage(let with, let without, let best, let isKept):
      shown.progressDone()
      shown.note(
        String(
          format:
            "damage: flaws unknown to it on held-out images are told by an AUROC of %.3f with it, %.3f by %@: %@",
          with, without, best.rawValue as NSString, (isKept ? "kept" : "not kept") as NSString))
    case .surveying(let done, let all): shown.progress("surveying noise level \(done) of \(all)")
    case .calibrating(let done, let all): shown.progress("calibrating on image \(done) of \(all)")
    case .reviewed: break
    case .stopped(let step):
      shown.progressDone()
      shown.note("stopped at step \(step)" + (checkpoint.map { "; go on with --resume \($0)" } ?? ""))
    }
  }

  /// The line that lives, within 80 columns as a rule.
  private func line(_ step: Int, _ all: Int, _ loss: Float, _ left: Double) -> String {
    var parts = ["step \(step)/\(all)"]
    if let latest, let lowest {
      parts.append(
        String(format: "%.3f bits/dim", latest)
          + (lowest < latest ? String(format: " (best %.3f)", lowest) : ""))
    } else {
      parts.append(String(format: "loss %.3f", loss))
    }
    if let goal { parts.append(String(format: "goal < %.3f", goal)) }
    parts.append("\(Pace.duration(left)) left")
    return parts.joined(separator: "  ")
  }
}
