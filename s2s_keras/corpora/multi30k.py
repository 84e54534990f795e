"""Multi30k: 31,014 image descriptions in English, German, French and Czech.

Task 1 of the corpus: English descriptions of Flickr photographs and their translations, as raw
text, with the official splits. For non-commercial research and education. Cite:

- D. Elliott, S. Frank, K. Sima'an, L. Specia. Multi30K: Multilingual English-German Image
  Descriptions. 5th Workshop on Vision and Language, 2016.
- D. Elliott, S. Frank, L. Barrault, F. Bougares, L. Specia. Findings of the Second Shared Task on
  Multimodal Machine Translation and Multilingual Image Description. WMT 2017.
- L. Barrault, F. Bougares, L. Specia, C. Lala, D. Elliott, S. Frank. Findings of the Third Shared
  Task on Multimodal Machine Translation. WMT 2018.
"""

from functools import partial

from s2s_keras.corpora.corpus import Corpus, Pair
from s2s_keras.corpora.data_folder import find_data_file
from s2s_keras.corpora.download import download_listed
from s2s_keras.corpora.languages import check_languages
from s2s_keras.corpora.tab_separated import tidied
from s2s_keras.corpora.text_lines import read_lines
from s2s_keras.errors import InputError

NAME = "multi30k"
LANGUAGES = ("cs", "de", "en", "fr")
SOURCE = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw"
FILE_OF_SPLIT = {
    "train": "train",
    "validation": "val",
    "test_2016_flickr": "test_2016_flickr",
    "test_2017_flickr": "test_2017_flickr",
    "test_2017_mscoco": "test_2017_mscoco",
    "test_2018_flickr": "test_2018_flickr",
}


def load_multi30k(source_language: str, target_language: str) -> Corpus:
    """Gives the corpus with its official splits; there is no Czech text for the tests of 2017.

    Each file is found as `$S2S_DATA_DIR/multi30k/FILE.LANGUAGE.gz`, or downloaded once when a split
    that needs it is first asked for.

    Args:
        source_language: one of `LANGUAGES`.
        target_language: another one of them.

    Raises:
        InputError: for another language.
    """
    check_languages(NAME, LANGUAGES, source_language, target_language)
    splits = {
        split: partial(_read_split, file, source_language, target_language)
        for split, file in FILE_OF_SPLIT.items()
        if {source_language, target_language} <= set(SHA256[file])
    }
    return Corpus(NAME, source_language, target_language, splits)


def _read_split(file: str, source_language: str, target_language: str) -> list[Pair]:
    sources, targets = (_read_side(file, code) for code in (source_language, target_language))
    if len(sources) != len(targets):
        raise InputError(
            f"{NAME}: {file} has {len(sources)} lines in {source_language} but {len(targets)} in "
            f"{target_language}: get both files again"
        )
    return list(zip(sources, targets, strict=True))


def _read_side(file: str, language: str) -> list[str]:
    """Reads one language, tidied of the white space around some lines and of one TAB within."""
    name = f"{file}.{language}.gz"
    path = find_data_file(NAME, name)
    if path is None:
        path = download_listed(f"{SOURCE}/{name}", NAME, SHA256[file][language])
    sentences = [tidied(line.replace("\t", " ")) for line in read_lines(path)]
    if "" in sentences:
        raise InputError(f"{path}:{sentences.index('') + 1}: empty line: get the file again")
    return sentences


# SHA-256 of the published files, by file and language.
SHA256 = {
    "train": {
        "cs": "a65adb8b32e3bc664f21ecba7a6e7f6950fd1f405e135f7c312faabdb6255077",
        "de": "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
        "en": "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
        "fr": "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c",
    },
    "val": {
        "cs": "b63226e05c4bd5dd6a42897d74b86a1b9d2c31498252c572b1ea7f7996927fcc",
        "de": "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
        "en": "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
        "fr": "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9",
    },
    "test_2016_flickr": {
        "cs": "200a4a74cc9560f051924abb9803be008d1908d77f747e9141aeb86dfd2797f1",
        "de": "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
        "en": "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
        "fr": "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90",
    },
    "test_2017_flickr": {
        "de": "a2c89666db00c495cd8513b9d708d5a3acc205d7de312ef2bf5fb7ebc1540aee",
        "en": "76a444ee25172e72695cddb13ae4a3bda59430617be88e0bb46b60504f054074",
        "fr": "3ba671ceb2299f3304ffafefea7a833d08632fbaf0ba18546f8a2ec2391af496",
    },
    "test_2017_mscoco": {
        "de": "799e4854c25d601cb6cb6be29eabe5667734c61ace2f495e03e429031a0bc338",
        "en": "aab300bfb4427697987e02cd0aacd44bfe8aa50456231b6474c08038bbed2b58",
        "fr": "754f3072ba9f124569ba5258b32730fc1d214bbf8e0c6dfb2b74401676220db0",
    },
    "test_2018_flickr": {
        "cs": "7d0a9db904f94c554a8c58049a9f3a5357c27f46cc3d710d70cb0b4a2585b8c2",
        "de": "ddd0130c7d97482dc5197a02141dae8dd79f20f03586c480d675c09a32daf608",
        "en": "ef4f4844037d4c5dea75c9a8ed5fd78905967a26f67c255e230cc9780032654d",
        "fr": "fb2b83fcceb937a4f7e3e93c1c51c22aba92f1e342391e6b5ba392b16a920501",
    },
}
