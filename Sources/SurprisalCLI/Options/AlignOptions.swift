import ArgumentParser
import Surprisal

/// Whether the things that images show are aligned.
struct AlignOptions: ParsableArguments {
  enum Wish: String, ExpressibleByArgument, CaseIterable { case auto, none, placed, turned }

  @Option(
    help: """
      Where each image shows one thing on a plain ground: placed moves it to the middle at one scale, turned turns it as others lie too, none \
      takes images whole, auto tries what tells made-up flaws on the things best (default: auto; of a model that is fitted anew, as it does).
      """)
  var align: Wish?

  var aligning: FittedShape.Aligning {
    switch align {
    case nil, .auto: .chosen
    case .some(.none): .never
    case .placed: .always(.placed)
    case .turned: .always(.turned)
    }
  }
}
