from supercorrect.api import Refusal as Refusal
from supercorrect.api import Student as Student
from supercorrect.api import Teacher as Teacher
from supercorrect.api import WrongSolution as WrongSolution
from supercorrect.api import run as run
from supercorrect.config import CrossDPOConfig as CrossDPOConfig
from supercorrect.config import EndpointConfig as EndpointConfig
from supercorrect.config import GradingConfig as GradingConfig
from supercorrect.config import load_recipe as load_recipe
from supercorrect.errors import SuperCorrectError as SuperCorrectError
from supercorrect.formats import parse_correction as parse_correction
from supercorrect.formats import parse_thought as parse_thought
from supercorrect.grading import grade as grade
from supercorrect.training.cross_dpo_trainer import CrossDPOTrainer as CrossDPOTrainer

__version__: str
