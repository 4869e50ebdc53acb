"""The packages: the four folders of the repository are one package, nnc, with all that is in them."""

from setuptools import find_packages, setup

FOLDERS = {
    "nnc": "compiler",
    "nnc.grammar": "grammar",
    "nnc.templates": "templates",
    "nnc.runtime": "runtime",
}

setup(
    package_dir=FOLDERS,
    packages=[
        package
        for name, folder in FOLDERS.items()
        for package in (name, *(f"{name}.{inner}" for inner in find_packages(folder)))
    ],
)
