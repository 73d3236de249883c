/// What manual pages say beyond help. `.ci/docs.py` runs the examples as it does those of the docs.
enum PageNotes {
  static let environment: [(name: String, text: String)] = [
    (
      "Ev SURPRISAL_MODELS",
      "Folder in which models are looked up by name, before the installed ones and ./models."
    ),
    (
      "Ev SURPRISAL_CACHE",
      "Folder in which scan and gate keep what they find, instead of surprisal in XDG_CACHE_HOME or ~/.cache."
    ),
    ("Ev NO_COLOR", "Where it is set and not empty, text has no colours."),
  ]

  /// - Parameter command: nil for the tool itself.
  static func files(of command: String?) -> [(name: String, text: String)] {
    var files = [
      (name: "Pa PREFIX/share/surprisal/models", text: "Models that came with the program, by name.")
    ]
    if command == "gate" {
      files += [
        ("Pa .surprisal.yml", "The policy, where none is named."),
        ("Pa PREFIX/share/surprisal/schemas/surprisal-policy.schema.json", "Its schema, for editors."),
      ]
    }
    if command == "scan" {
      files.append(
        (
          "Pa .surprisal-collection",
          "In a folder of --collect: what was put there, which alone is ever removed."
        ))
    }
    return files
  }

  static func exits(of command: String?) -> [(name: String, text: String)] {
    [
      ("0", command == "gate" ? "The images pass." : "Done."),
      ("1", "Could not run: a file, a model, a disk."),
    ]
      + (command == nil || command == "gate"
        ? [("2", "Of gate: the images do not pass."), ("3", "Of gate: what was found cannot decide.")] : [])
      + [("64", "Wrong usage."), ("130", "Interrupted, with what was found till then written.")]
  }

  static func examples(of command: String?) -> [(command: String, purpose: String)] {
    switch command {
    case nil:
      [("surprisal scan ~/Pictures", "What does not belong in a folder, judged by all that is in it:")]
    case "scan":
      [
        (
          "surprisal scan ~/Pictures --format html --output report.html",
          "A folder judged by itself, as a page:"
        ),
        ("surprisal scan ~/Pictures --collect odd", "What is odd, as links in a folder to look through:"),
        ("surprisal scan ~/Pictures --save mine.safetensors", "Kept as a model:"),
        ("surprisal scan new-images --model mine.safetensors --fpr 0.05", "Other images by it:"),
      ]
    case "gate":
      [
        ("surprisal gate --init good-images", "A policy from images that are there:"),
        ("surprisal gate good-images", "Its decision:"),
        (
          "surprisal gate good-images --report gate.sarif --report gate.md",
          "The same, with a report for code scanning and a summary:"
        ),
      ]
    case "fit":
      [("surprisal fit good-images --output mine.safetensors", "A model of images known to belong:")]
    case "train":
      [
        (
          "surprisal train good-images --output learned.safetensors --minutes 10",
          "A model that learned them, for bits and nearer outliers:"
        )
      ]
    case "sample":
      [
        (
          "surprisal sample --model fashion-mnist -n 16 --sheet samples.png",
          "Sixteen images of a population:"
        )
      ]
    case "explain":
      [
        (
          "surprisal explain new-images/odd.png --model fashion-mnist --output why.png",
          "Where an image is odd, and at which scale:"
        )
      ]
    case "evaluate":
      [
        (
          "surprisal evaluate --model fashion-mnist --inliers good-images --outliers new-images",
          "How well a model tells two sets apart:"
        )
      ]
    case "merge":
      [
        (
          "surprisal scan new-images --model mine.safetensors --shard 1/2 --output 1.jsonl",
          "One half of the images, here:"
        ),
        (
          "surprisal scan new-images --model mine.safetensors --shard 2/2 --output 2.jsonl",
          "The other, on another machine:"
        ),
        ("surprisal merge 1.jsonl 2.jsonl", "As one scan of all would tell them:"),
      ]
    case "cache": [("surprisal cache", "Where results are kept, and how many:")]
    case "model": [("surprisal model fashion-mnist", "What a model holds:")]
    default: []
    }
  }
}
